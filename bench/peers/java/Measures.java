package bench;

import java.nio.ByteBuffer;

/** The 12 measures of a user's hour: which of them an event adds to, and rows of them as bytes. */
public final class Measures {
    public static final int COUNT = 12;
    public static final int NONE = -1;
    private static final int CALLS_MADE = 0;
    private static final int CALLS_CONNECTED = 1;
    private static final int TALK_MS = 2;
    private static final int EMAILS_SENT = 3;
    private static final int MEETINGS_HELD = 4;
    private static final int TASKS_COMPLETED = 5;
    private static final int DEALS_CREATED = 6;
    private static final int DEALS_WON = 7;
    private static final int REVENUE_WON = 8;
    private static final int DEALS_LOST = 9;
    private static final int LEADS_CREATED = 10;
    private static final int TICKETS_CREATED = 11;

    private Measures() {}

    /** The measure that an event counts in, or NONE; a call connected and a deal won add to others too, see add. */
    public static int of(Fact fact) {
        return switch (fact.type) {
            case "crm.email.logged" -> fact.data.direction.equals("outbound") ? EMAILS_SENT : NONE;
            case "crm.call.logged" -> !fact.data.direction.equals("outbound") ? NONE
                : fact.data.outcome.equals("connected") ? CALLS_CONNECTED : CALLS_MADE;
            case "crm.task.status_changed" -> fact.data.status.equals("done") ? TASKS_COMPLETED : NONE;
            case "crm.meeting.status_changed" -> fact.data.status.equals("completed") ? MEETINGS_HELD : NONE;
            case "crm.deal.created" -> DEALS_CREATED;
            case "crm.deal.won" -> DEALS_WON;
            case "crm.deal.lost" -> DEALS_LOST;
            case "crm.lead.created" -> LEADS_CREATED;
            case "crm.ticket.created" -> TICKETS_CREATED;
            default -> NONE;
        };
    }

    /** What goes with the measure: the milliseconds of a call, the amount of a deal won. */
    public static long amount(Fact fact, int measure) {
        return measure == CALLS_CONNECTED ? fact.data.duration_ms : measure == DEALS_WON ? fact.units() : 0;
    }

    /** Adds an event to a row. */
    public static void add(long[] row, int measure, long amount) {
        row[measure]++;
        if (measure == CALLS_CONNECTED) {
            row[CALLS_MADE]++;
            row[TALK_MS] += amount;
        } else if (measure == DEALS_WON) {
            row[REVENUE_WON] += amount;
        }
    }

    /** A row as bytes: 12 big-endian integers. */
    public static byte[] packed(long[] row) {
        ByteBuffer bytes = ByteBuffer.allocate(COUNT * Long.BYTES);
        bytes.asLongBuffer().put(row);
        return bytes.array();
    }

    /** The row that was packed, an empty one of null. */
    public static long[] unpacked(byte[] bytes) {
        long[] row = new long[COUNT];
        if (bytes != null) {
            ByteBuffer.wrap(bytes).asLongBuffer().get(row);
        }
        return row;
    }
}
