package bench;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.functions.FlatMapFunction;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.serialization.AbstractDeserializationSchema;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Flink: 12 measures per user and hour in windows, the state of each deal in keyed state, checkpoints every half second.
 *
 * <p>A window is emitted when its hour is over, a deal at the end of an hour in which it moved; both replace what has their key.
 */
public final class Main {
    private static final Duration HOUR = Duration.ofHours(1);
    private static final String GROUP = System.getenv("BENCH_GROUP");
    private static final String KAFKA = System.getenv("BENCH_KAFKA");
    private static final String ROWS = GROUP + "-rows-changelog";
    private static final String DEALS = GROUP + "-deals-changelog";

    private Main() {}

    /** Runs over all events that the topic holds; what was counted is in two topics. */
    public static void main(String[] arguments) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", KAFKA))) {
            admin.createTopics(List.of(new NewTopic(ROWS, 1, (short) 1), new NewTopic(DEALS, 1, (short) 1))).all().get();
        }
        StreamExecutionEnvironment flow = StreamExecutionEnvironment.getExecutionEnvironment(settings());
        DataStream<Fact> facts = flow.fromSource(source(), WatermarkStrategy
            .<Fact>forMonotonousTimestamps()
            .withTimestampAssigner((fact, ignored) -> Instant.parse(fact.time).toEpochMilli()), "events");
        facts.flatMap(new ToMeasures())
            .keyBy(added -> added.f0)
            .window(TumblingEventTimeWindows.of(HOUR))
            .aggregate(new Adding(), new Closed())
            .sinkTo(sink(ROWS));
        facts.flatMap(new ToDeals())
            .keyBy(stated -> stated.f0)
            .process(new Moving())
            .sinkTo(sink(DEALS));
        Report.start();
        flow.execute();
        Report.done();
    }

    private static Configuration settings() {
        return Configuration.fromMap(Map.of(
            "parallelism.default", System.getenv("BENCH_THREADS"),
            "pipeline.object-reuse", "true",
            "state.backend.type", "hashmap",
            "execution.checkpointing.interval", "500ms",
            "execution.checkpointing.mode", "EXACTLY_ONCE",
            "execution.checkpointing.dir", Path.of("checkpoints").toUri().toString()));
    }

    private static KafkaSource<Fact> source() {
        return KafkaSource.<Fact>builder()
            .setBootstrapServers(KAFKA)
            .setTopics(System.getenv("BENCH_TOPIC"))
            .setGroupId(GROUP)
            .setStartingOffsets(OffsetsInitializer.earliest())
            .setBounded(OffsetsInitializer.latest())
            .setValueOnlyDeserializer(new Decoding())
            .setProperty("max.poll.records", "5000")
            .setProperty("max.partition.fetch.bytes", String.valueOf(8 << 20))
            .build();
    }

    private static KafkaSink<Tuple2<String, byte[]>> sink(String topic) {
        return KafkaSink.<Tuple2<String, byte[]>>builder()
            .setBootstrapServers(KAFKA)
            .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
            .setRecordSerializer(new Encoding(topic))
            .setProperty("batch.size", String.valueOf(256 << 10))
            .setProperty("linger.ms", "100")
            .setProperty("compression.type", "lz4")
            .build();
    }

    private static final class Decoding extends AbstractDeserializationSchema<Fact> {
        @Override
        public Fact deserialize(byte[] json) {
            return Fact.of(json);
        }
    }

    private record Encoding(String topic) implements KafkaRecordSerializationSchema<Tuple2<String, byte[]>> {
        @Override
        public ProducerRecord<byte[], byte[]> serialize(Tuple2<String, byte[]> result, KafkaSinkContext sink, Long time) {
            return new ProducerRecord<>(topic, result.f0.getBytes(StandardCharsets.UTF_8), result.f1);
        }
    }

    /** User, measure and what goes with it. */
    private static final class ToMeasures implements FlatMapFunction<Fact, Tuple3<String, Integer, Long>> {
        @Override
        public void flatMap(Fact fact, Collector<Tuple3<String, Integer, Long>> out) {
            int measure = Measures.of(fact);
            if (measure != Measures.NONE) {
                out.collect(Tuple3.of(fact.user(), measure, Measures.amount(fact, measure)));
            }
            Report.seen();
        }
    }

    /** Deal, status, stage and amount that an event states. */
    private static final class ToDeals implements FlatMapFunction<Fact, Tuple4<String, String, String, Long>> {
        @Override
        public void flatMap(Fact fact, Collector<Tuple4<String, String, String, Long>> out) {
            if (fact.ofDeal()) {
                out.collect(Tuple4.of(fact.deal(), Deal.status(fact), Deal.stage(fact), Deal.units(fact)));
            }
        }
    }

    private static final class Adding implements AggregateFunction<Tuple3<String, Integer, Long>, long[], long[]> {
        @Override
        public long[] createAccumulator() {
            return new long[Measures.COUNT];
        }

        @Override
        public long[] add(Tuple3<String, Integer, Long> added, long[] row) {
            Measures.add(row, added.f1, added.f2);
            return row;
        }

        @Override
        public long[] getResult(long[] row) {
            return row;
        }

        @Override
        public long[] merge(long[] one, long[] other) {
            throw new UnsupportedOperationException("these windows do not merge");
        }
    }

    private static final class Closed extends ProcessWindowFunction<long[], Tuple2<String, byte[]>, String, TimeWindow> {
        @Override
        public void process(String user, Context window, Iterable<long[]> rows, Collector<Tuple2<String, byte[]>> out) {
            LocalDateTime start = LocalDateTime.ofEpochSecond(window.window().getStart() / 1000, 0, ZoneOffset.UTC);
            out.collect(Tuple2.of(user + "/" + start.toString().substring(0, 13), Measures.packed(rows.iterator().next())));
        }
    }

    private static final class Moving
        extends KeyedProcessFunction<String, Tuple4<String, String, String, Long>, Tuple2<String, byte[]>> {
        private transient ValueState<Deal> state;

        @Override
        public void open(OpenContext context) {
            state = getRuntimeContext().getState(new ValueStateDescriptor<>("deal", Deal.class));
        }

        @Override
        public void processElement(
            Tuple4<String, String, String, Long> stated, Context context, Collector<Tuple2<String, byte[]>> out
        ) throws Exception {
            Deal deal = state.value() == null ? new Deal() : state.value();
            deal.move(stated.f1, stated.f2, stated.f3);
            state.update(deal);
            long hour = context.timestamp() / HOUR.toMillis();
            context.timerService().registerEventTimeTimer((hour + 1) * HOUR.toMillis());
        }

        @Override
        public void onTimer(long time, OnTimerContext context, Collector<Tuple2<String, byte[]>> out) throws Exception {
            out.collect(Tuple2.of(context.getCurrentKey(), state.value().packed()));
        }
    }
}
