package bench;

import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * Kafka Streams: 12 measures per user and hour and the state of each deal, in stores that are cached and logged, exactly once.
 *
 * <p>The events of an organisation share their key, so no topic is partitioned anew.
 */
public final class Main {
    private static final String ROWS = "rows";
    private static final String DEALS = "deals";

    private Main() {}

    /** Runs until all events are committed; what was counted is in the changelogs of the stores. */
    public static void main(String[] arguments) throws Exception {
        StreamsBuilder builder = new StreamsBuilder();
        builder.addStateStore(store(ROWS)).addStateStore(store(DEALS));
        builder.stream(System.getenv("BENCH_TOPIC"), Consumed.with(Serdes.String(), Serdes.ByteArray()))
            .process(Counting::new, ROWS, DEALS);
        try (KafkaStreams streams = new KafkaStreams(builder.build(), settings())) {
            Report.start();
            streams.start();
            Report.await(Report.EVENTS);
        }
        Report.done();
    }

    private static StoreBuilder<KeyValueStore<String, byte[]>> store(String name) {
        return Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(name), Serdes.String(), Serdes.ByteArray())
            .withCachingEnabled().withLoggingEnabled(Map.of());
    }

    private static Properties settings() {
        Properties settings = new Properties();
        settings.putAll(Map.of(
            StreamsConfig.APPLICATION_ID_CONFIG, System.getenv("BENCH_GROUP"),
            StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, System.getenv("BENCH_KAFKA"),
            StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2,
            StreamsConfig.NUM_STREAM_THREADS_CONFIG, System.getenv("BENCH_THREADS"),
            StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, "500",
            StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, String.valueOf(256L << 20),
            StreamsConfig.STATE_DIR_CONFIG, "state"));
        settings.putAll(Map.of(
            StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest",
            StreamsConfig.consumerPrefix("max.poll.records"), "5000",
            StreamsConfig.consumerPrefix("fetch.min.bytes"), String.valueOf(64 << 10),
            StreamsConfig.consumerPrefix("fetch.max.wait.ms"), "50",
            StreamsConfig.consumerPrefix("max.partition.fetch.bytes"), String.valueOf(8 << 20),
            StreamsConfig.producerPrefix("batch.size"), String.valueOf(256 << 10),
            StreamsConfig.producerPrefix("linger.ms"), "100",
            StreamsConfig.producerPrefix("compression.type"), "lz4"));
        return settings;
    }

    private static final class Counting extends ContextualProcessor<String, byte[], Void, Void> {
        private KeyValueStore<String, byte[]> rows;
        private KeyValueStore<String, byte[]> deals;

        @Override
        public void init(ProcessorContext<Void, Void> context) {
            super.init(context);
            rows = context.getStateStore(ROWS);
            deals = context.getStateStore(DEALS);
        }

        @Override
        public void process(Record<String, byte[]> record) {
            Fact fact = Fact.of(record.value());
            int measure = Measures.of(fact);
            if (measure != Measures.NONE) {
                String key = fact.user() + "/" + fact.hour();
                long[] row = Measures.unpacked(rows.get(key));
                Measures.add(row, measure, Measures.amount(fact, measure));
                rows.put(key, Measures.packed(row));
            }
            if (fact.ofDeal()) {
                Deal deal = Deal.unpacked(deals.get(fact.deal()));
                deal.move(Deal.status(fact), Deal.stage(fact), Deal.units(fact));
                deals.put(fact.deal(), deal.packed());
            }
            Report.seen();
        }
    }
}
