"""What touches the wire: Kafka through Faust, the commit to Redis, and the recount that checks both."""
