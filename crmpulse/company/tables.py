"""What the generated company consists of: people, products, sources, funnels and habits, as data."""

from typing import NamedTuple

ZONE = "Europe/Berlin"
CURRENCY = "EUR"


class Habit(NamedTuple):
    """How somebody works: acts a day, their mix, and how they sell and keep their tasks."""

    acts: float
    mix: dict[str, int]
    closing: float  # factor on the chance to get past a stage
    prompt: float  # share of tasks done in time
    pace: float  # factor on every wait


HABITS = {
    "caller": Habit(22, {"call": 60, "email": 20, "task": 10, "meeting": 4, "chat": 6}, 1.0, 0.85, 0.8),
    "closer": Habit(13, {"call": 25, "email": 35, "task": 15, "meeting": 20, "chat": 5}, 1.25, 0.9, 0.9),
    "writer": Habit(18, {"call": 10, "email": 60, "task": 12, "meeting": 8, "chat": 10}, 0.95, 0.8, 1.0),
    "steady": Habit(15, {"call": 30, "email": 30, "task": 20, "meeting": 10, "chat": 10}, 1.05, 0.95, 1.0),
    "sloppy": Habit(11, {"call": 40, "email": 25, "task": 25, "meeting": 5, "chat": 5}, 0.9, 0.35, 1.4),
    "novice": Habit(12, {"call": 45, "email": 30, "task": 15, "meeting": 5, "chat": 5}, 0.75, 0.7, 1.3),
}

HEAD = ("Margarethe Oyelaran", "sales")
SELLERS = {
    "north": ("Field Sales North", [
        ("Jonna Petersvik", "closer"), ("Tarek Haddadi", "caller"), ("Levke Brodersen", "steady"),
        ("Mateusz Zielarski", "writer"), ("Chidi Okwuosa", "sloppy"), ("Annika Thorsdal", "novice"),
    ]),
    "south": ("Field Sales South", [
        ("Valentin Moosbichler", "steady"), ("Giulia Ferrantini", "caller"), ("Ömer Yüceldağ", "closer"),
        ("Kateřina Dvorník", "steady"), ("Benedikt Grasser", "sloppy"), ("Ilinca Munteanescu", "writer"),
    ]),
    "key": ("Key Accounts", [
        ("Saskia van Houtenberg", "closer"), ("Ruben Acostavilla", "closer"), ("Mai-Linh Đoàn", "writer"),
        ("Friedrich Ahlersmeyer", "steady"), ("Noémie Charbonnet", "caller"), ("Tobias Quandtner", "novice"),
    ]),
    "inside": ("Inside Sales", [
        ("Priya Ramanathpur", "caller"), ("Luca Bernasconti", "caller"), ("Zofia Wiśniowska", "writer"),
        ("Emre Karagözlü", "novice"), ("Hanneke Dijkgraaf", "steady"), ("Paul Nwabuezeh", "sloppy"),
    ]),
}  # fmt: skip
COMPANY_AIMS = {
    "revenue-month": {
        "name": "Revenue of the month", "kpi": "revenue_won", "target": 750_000, "period": "month", "pace": "working_days",
    },
    "revenue-quarter": {"name": "Revenue of the quarter", "kpi": "revenue_won", "target": 2_250_000, "period": "quarter"},
    "win-rate": {"name": "Win rate of the quarter", "kpi": "win_rate", "target": 0.4, "period": "quarter"},
    "lost-deals": {
        "name": "Few lost deals", "kpi": "deals_lost", "target": 130, "period": "month", "direction": "at_most",
    },
    "overdue-tasks": {
        "name": "Few overdue tasks", "kpi": "tasks_overdue", "target": 500, "period": "month", "direction": "at_most",
    },
}  # fmt: skip
TEAM_REVENUE = {"north": 160_000, "south": 200_000, "key": 190_000, "inside": 210_000}
CALLS_A_WEEK = {"caller": 55, "closer": 15, "writer": 8, "steady": 20, "sloppy": 22, "novice": 24}
WINS_A_MONTH = {"caller": 4, "closer": 5, "writer": 5, "steady": 4, "sloppy": 3, "novice": 3}
AGENTS = {
    "Frauke Lindqvist": 1.15, "Dario Kovačić": 1.0, "Amélie Rousselin": 1.1,
    "Sven Oberholtzer": 0.8, "Yuki Tanabara": 1.05, "Nadia Benzerrouk": 0.95,
}  # fmt: skip  # skill


class Source(NamedTuple):
    """Where leads come from, how many of 100, how good they are, and whether they wait for an answer."""

    weight: int
    channels: tuple[str, ...]
    campaigns: tuple[str, ...]
    quality: float
    inbound: bool


SOURCES = {
    "web": Source(32, ("organic", "direct", "newsletter"), ("",), 1.0, True),
    "ads": Source(24, ("paid_search", "paid_social"), ("spring-launch", "always-on", "retargeting"), 0.75, True),
    "referral": Source(12, ("customer", "partner"), ("",), 1.6, True),
    "event": Source(12, ("fair", "webinar"), ("hannover-fair", "webinar-series"), 1.15, False),
    "outbound": Source(16, ("cold_call", "cold_email"), ("",), 0.6, False),
    "": Source(4, ("",), ("",), 0.8, False),
}
REGIONS = {
    "DE-BE": 14, "DE-BY": 18, "DE-NW": 20, "DE-HH": 10, "DE-HE": 9, "DE-SN": 5, "AT-9": 8, "CH-ZH": 6, "NL-NH": 5,
    "PL-MZ": 5,
}  # fmt: skip


class Product(NamedTuple):
    """Price and cost of one unit, in whole EUR, and how many are bought at once."""

    price: int
    cost: int
    most: int


PRODUCTS = {
    "Atlas Starter": Product(49, 9, 40),
    "Atlas Team": Product(99, 15, 60),
    "Atlas Enterprise": Product(12_500, 3_100, 1),
    "Beacon Sensor": Product(185, 96, 120),
    "Beacon Gateway": Product(640, 310, 15),
    "Onboarding": Product(2_400, 1_500, 2),
    "Premium Support": Product(3_900, 1_200, 1),
}


class Stage(NamedTuple):
    """A step of a pipeline: probability of winning from here, usual days in it, chance to be lost in it."""

    name: str
    probability: float
    days: float
    loss: float


PIPELINES = {
    "new": ("New business", {
        "discovery": Stage("Discovery", 0.15, 5, 0.22), "demo": Stage("Demo", 0.3, 6, 0.18),
        "proposal": Stage("Proposal", 0.5, 7, 0.2), "negotiation": Stage("Negotiation", 0.75, 6, 0.16),
    }),
    "renewal": ("Renewals", {"review": Stage("Review", 0.7, 6, 0.08), "offer": Stage("Offer", 0.85, 5, 0.08)}),
}  # fmt: skip
DEAL_TYPES = {
    ("new", "new_business", "standard"): 50,
    ("new", "new_business", "pilot"): 20,
    ("new", "expansion", "upsell"): 12,
    ("new", "expansion", "cross_sell"): 8,
    ("renewal", "renewal", "annual"): 10,
}
LOST_REASONS = {"price": 34, "Price ": 4, "no budget": 18, "competitor": 20, "timing": 14, "no response": 8, "": 2}
COMPETITORS = ("Nordlicht CRM", "Salesgrove", "Klarblick")
DISQUALIFIED = {"no need": 40, "no budget": 25, "wrong contact": 20, "duplicate": 5, "not reachable": 10}

CALL_OUTCOMES = {"connected": 46, "no_answer": 34, "voicemail": 13, "busy": 7}
MEETING_KINDS = {"demo": 40, "discovery": 30, "negotiation": 15, "check_in": 15}
DUE_DAYS = (0.1, 0.3, 1, 2, 3, 4, 5, 6)
TASK_KINDS = {"call_back": 40, "send_offer": 25, "prepare_demo": 15, "follow_up": 20}
CATEGORIES = {"how_to": 30, "bug": 24, "billing": 16, "delivery": 14, "login": 12, "other": 4}
PRIORITIES = {"low": 25, "normal": 50, "high": 20, "urgent": 5}
TICKET_CHANNELS = {"email": 45, "chat": 25, "phone": 15, "web": 15}
RATINGS = {5: 48, 4: 27, 3: 12, 2: 7, 1: 6}

FIRST_NAMES = """
Aaliyah Adriana Agnes Aleksander Amir Anouk Bartosz Benno Carla Chiara Clemens Daria Diego Elif Emil Esther Farid Femke
Finn Greta Hakan Helene Ines Ivo Jasmin Joris Kaja Karim Lena Leszek Lotte Magnus Malik Marta Mira Nils Odette Olga
Pavel Philippa Quirin Rahel Rosa Samir Selma Stefan Tamara Theo Ulrike Viktor Wanda Xenia Yasin Zora
""".split()
LAST_NAMES = """
Abendroth Adeyemi Bachmeier Bellini Borgström Cavallaro Czerny Dahlgaard Demirci Eberling Fontaine Gashi Grünfelder
Haverkamp Horvathy Ivanković Jankowiak Kleinhans Kovalenko Lammers Lindemann Marchetti Mwangi Niewald Novotná Okafor
Papadakis Pichlmayr Rademaker Rossini Sandvik Schönbeck Sorokina Terhorst Tillmann Ucar Vandenberg Wachter Wójtowicz
""".split()
COMPANY_WORDS = [
    "Alster Birken Blau Deich Elb Falken Grün Hansa Isar Kiefern Linden Mosel Nord Ost Rhein Saale Tann Wald".split(),
    "bau druck energie feld glas holz kraft logistik mechanik optik pharma stahl technik textil wasser werk".split(),
    ["GmbH", "AG", "KG", "SE", "& Söhne", "B.V.", "s.r.o."],
]
WORKFLOWS = {"assign-lead": 60, "send-quote": 30, "remind": 10}
FEATURES = {"pipeline": 40, "search": 30, "reports": 20, "import": 10}
INDUSTRIES = ["manufacturing", "logistics", "energy", "health", "construction", "retail", "software"]
