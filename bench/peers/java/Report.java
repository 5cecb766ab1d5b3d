package bench;

import java.io.IOException;
import java.util.concurrent.atomic.LongAdder;

/** Tells the bench how far this process is, as bench/report.py says. */
public final class Report {
    public static final long EVENTS = Long.parseLong(System.getenv("BENCH_EVENTS"));
    private static final int POLL_MS = 10;
    private static final LongAdder SEEN = new LongAdder();

    private Report() {}

    /** Notes that an event was handled. */
    public static void seen() {
        SEEN.increment();
    }

    /** Returns once so many events were handled. */
    public static void await(long events) throws InterruptedException {
        while (SEEN.sum() < events) {
            Thread.sleep(POLL_MS);
        }
    }

    /** Begins to wait for half of the events, and tells of them. */
    public static void start() {
        Thread teller = new Thread(() -> {
            try {
                await(EVENTS / 2);
                System.out.println("handled " + SEEN.sum());
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
            }
        });
        teller.setDaemon(true);
        teller.start();
    }

    /** Tells that all events are handled, durably, and waits until the accounts were read. */
    public static void done() throws IOException {
        System.out.println("handled " + SEEN.sum());
        System.in.read();
    }
}
