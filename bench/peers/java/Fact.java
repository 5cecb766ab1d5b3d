package bench;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.math.BigDecimal;

/** What the work reads of an event. */
@JsonIgnoreProperties(ignoreUnknown = true)
public final class Fact {
    private static final ObjectReader READER = new ObjectMapper().readerFor(Fact.class);

    public String type = "";
    public String subject = "";
    public String time = "";
    public String orgid = "";
    public String actorid = "";
    public Data data = new Data();

    /** The members of an event's data that the work reads. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public static final class Data {
        public String direction = "";
        public String outcome = "";
        @com.fasterxml.jackson.annotation.JsonProperty("new")
        public String status = "";
        public long duration_ms;
        public String stage_id = "";
        public String new_stage_id = "";
        public Money value;
    }

    /** An amount of money as a decimal. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public static final class Money {
        public String amount = "0";
    }

    /** Reads an event from its JSON. */
    public static Fact of(byte[] json) {
        try {
            return READER.readValue(json);
        } catch (IOException error) {
            throw new IllegalArgumentException(error);
        }
    }

    /** The organisation and user whose measures the event adds to. */
    public String user() {
        return orgid + "/" + actorid;
    }

    /** The hour that the event counts in, such as 2026-01-05T09. */
    public String hour() {
        return time.substring(0, 13);
    }

    /** The organisation and deal that the event is of. */
    public String deal() {
        return orgid + "/" + subject;
    }

    /** Whether the event is one of a deal. */
    public boolean ofDeal() {
        return type.startsWith("crm.deal.");
    }

    /** The amount in 1/10,000. */
    public long units() {
        return data.value == null ? 0 : new BigDecimal(data.value.amount).movePointRight(4).longValueExact();
    }
}
