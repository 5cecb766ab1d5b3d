package bench;

import java.nio.charset.StandardCharsets;

/** Where a deal stands. */
public final class Deal {
    public static final long SAME = -1;
    public String status = "open";
    public String stage = "";
    public long units;

    /** The status that an event states, empty where it states none. */
    public static String status(Fact fact) {
        return switch (fact.type) {
            case "crm.deal.won" -> "won";
            case "crm.deal.lost" -> "lost";
            default -> "";
        };
    }

    /** The stage that an event states, empty where it states none. */
    public static String stage(Fact fact) {
        return fact.data.new_stage_id.isEmpty() ? fact.data.stage_id : fact.data.new_stage_id;
    }

    /** The amount that an event states, SAME where it states none. */
    public static long units(Fact fact) {
        return fact.data.value == null ? SAME : fact.units();
    }

    /** Moves the deal to what was stated. */
    public void move(String newStatus, String newStage, long newUnits) {
        status = newStatus.isEmpty() ? status : newStatus;
        stage = newStage.isEmpty() ? stage : newStage;
        units = newUnits == SAME ? units : newUnits;
    }

    /** The deal as bytes, such as won/propose/12500000. */
    public byte[] packed() {
        return (status + "/" + stage + "/" + units).getBytes(StandardCharsets.UTF_8);
    }

    /** The deal that was packed, a new one of null. */
    public static Deal unpacked(byte[] bytes) {
        Deal deal = new Deal();
        if (bytes != null) {
            String[] parts = new String(bytes, StandardCharsets.UTF_8).split("/");
            deal.status = parts[0];
            deal.stage = parts[1];
            deal.units = Long.parseLong(parts[2]);
        }
        return deal;
    }
}
