"""A page of every kind, and the hard cases of each: what the layout lint and the pictures are made from."""

import base64
import io
from dataclasses import replace
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

import kiosk_core.fonts
from kiosk_core.ethnicities import ETHNICITIES
from kiosk_core.funding import FundingKind
from kiosk_core.id_document import DocumentSide, Hint
from kiosk_core.pages import (
    CapturePage,
    CardView,
    Choice,
    ChoicePage,
    Fact,
    FieldEntry,
    FieldPage,
    FieldState,
    FormField,
    FormPage,
    FundingChoice,
    FundingPage,
    KeypadPage,
    ListPage,
    ListRow,
    ListSection,
    MenuItem,
    MenuPage,
    MessagePage,
    Page,
    Paper,
    PaymentPage,
    Picture,
    Preview,
    ProgressPage,
    QueueStrip,
    ResultPage,
    ScanPage,
    StripCall,
    StripService,
    TicketPage,
    Tone,
)
from kiosk_core.screen_messages import Hello
from kiosk_core.texts import LocalText, Words

WIDTH_MM = {"portrait": 268.0, "landscape": 476.0}  # a panel of 21.5 inches
SIZE = {"portrait": (1080, 1920), "landscape": (1920, 1080)}

CARD = CardView(masked_number="310488*********5678", balance_fen=4650)
AMOUNT = {"amount": "¥100.00"}
STEPS = tuple(
    Words(f"top_up.step.{step}") for step in ("check_card", "payment", "authorise", "load", "verify", "receipt")
)


def hello(orientation: str) -> Hello:
    return Hello(
        terminal_no="00010203",
        bank=LocalText("清江农村商业银行股份有限公司", "Qingjiang Rural Commercial Bank"),
        simulated=True,
        languages=("zh", "en"),
        width_mm=WIDTH_MM[orientation],
    )


def item(number: int, zh: str, en: str, **more: object) -> MenuItem:
    return MenuItem(
        service_id=f"service_{number}",
        title=LocalText(zh, en),
        subtitle=LocalText("交通联合卡 · 手机扫码付款", "China T-Union · pay by phone"),
        icon="service",
        **more,  # type: ignore[arg-type]
    )


TOP_UP = MenuItem(
    service_id="transit_top_up",
    title=LocalText("公交卡充值", "Top up transit card"),
    subtitle=LocalText("交通联合卡 · 手机扫码付款", "China T-Union · pay by phone"),
    icon="transit_card",
)
TOP_UP_CLOSED = MenuItem(
    service_id="transit_top_up",
    title=TOP_UP.title,
    subtitle=TOP_UP.subtitle,
    icon="transit_card",
    unavailable=Words("unavailable.bank_host"),
)
OTHERS = (
    item(2, "社保卡服务", "Social security card"),
    item(3, "取号排队", "Take a queue ticket"),
    item(4, "生活缴费", "Pay utility bills"),
    item(5, "账户查询", "Account enquiry"),
    item(6, "存折补登", "Update your passbook", unavailable=Words("unavailable.bank_host")),
    item(7, "开卡领卡", "Open an account"),
    item(8, "转账汇款", "Transfer money"),
)


def keypad(**more: object) -> KeypadPage:
    values: dict[str, object] = {
        "title": Words("top_up.amount.title"),
        "card": CARD,
        "presets_fen": (2000, 5000, 10000, 20000, 30000, 50000),
        "min_fen": 1000,
        "max_fen": 50000,
        "step_fen": 1000,
        "cancellable": True,
        "idle_s": 60,
    }
    return KeypadPage(**(values | more))  # type: ignore[arg-type]


def way_to_pay(funding: FundingKind, picture: Picture) -> FundingChoice:
    words = f"top_up.funding.{funding.value}"
    return FundingChoice(
        funding=funding, title=Words(f"{words}.title"), subtitle=Words(f"{words}.subtitle"), picture=picture
    )


BY_PHONE = way_to_pay(FundingKind.QR, Picture.PAY_BY_PHONE)
BY_BANK_CARD = way_to_pay(FundingKind.BANK_CARD, Picture.INSERT_BANK_CARD)


def ways_to_pay(*choices: FundingChoice, problem: str = "") -> FundingPage:
    return FundingPage(
        title=Words("top_up.funding.title"),
        amount_fen=10000,
        choices=choices,
        problem=Words(f"top_up.funding.problem.{problem}") if problem else None,
        idle_s=60,
        cancellable=True,
    )


def with_bank_card(stage: str, picture: Picture, problem: str = "", **more: object) -> CapturePage:
    return CapturePage(
        title=Words(f"top_up.bank_card.{stage}.title"),
        body=Words(f"top_up.bank_card.{stage}.body", {"amount": "¥500.00"}),
        picture=picture,
        problem=Words(f"top_up.bank_card.problem.{problem}") if problem else None,
        cancellable=True,
        **more,  # type: ignore[arg-type]
    )


TAKE_CARD = (Picture.TAKE_CARD,)
TAKE_CARD_AND_RECEIPT = (Picture.TAKE_CARD, Picture.TAKE_RECEIPT)


def result(
    tone: Tone, name: str, pictures: tuple[Picture, ...], *facts: Fact, body: str = "", **values: str
) -> ResultPage:
    return ResultPage(
        tone=tone,
        title=Words(f"top_up.{name}.title", values),
        body=Words(body or f"top_up.{name}.body", values),
        facts=facts,
        pictures=pictures,
    )


CARD_FACT = Fact(label=Words("fact.card"), text=CARD.masked_number)
AMOUNT_FACT = Fact(label=Words("fact.amount"), money_fen=10000)
REFERENCE = Fact(label=Words("fact.reference"), text="2026112201024400017", strong=True)
TIME = Fact(label=Words("fact.time"), text="2026-11-22 01:02:44")


def card_info(
    *rows: ListRow, balance_fen: int = 4_650, notice: Words | None = None, more: tuple[Fact, ...] = ()
) -> ListPage:
    return ListPage(
        title=Words("card_info.transit_card.title"),
        facts=(
            Fact(label=Words("fact.card"), text=CARD.masked_number),
            Fact(label=Words("card_info.fact.balance"), money_fen=balance_fen, strong=True),
            *more,
            Fact(label=Words("card_info.fact.valid_until"), text="2035-12-31"),
        ),
        notice=notice,
        sections=(
            ListSection(title=Words("card_info.entries.title"), rows=rows, empty=Words("card_info.entries.empty")),
            ListSection(title=Words("card_info.trips.title"), rows=(), empty=Words("card_info.trips.empty")),
        ),
        idle_s=90,
    )


ENTRIES = tuple(
    ListRow(
        label=Words("card_info.entry.purchase" if day % 3 else "card_info.entry.load"),
        detail=f"2026-11-{day:02d} 08:15",
        value="\N{MINUS SIGN}¥4.00" if day % 3 else "+¥1,000.00",
    )
    for day in range(20, 10, -1)
)
SOCIAL_SECURITY = ListPage(
    title=Words("card_info.social_security.title"),
    facts=(
        Fact(label=Words("card_info.fact.social_security_number"), text="*****0002"),
        Fact(label=Words("card_info.fact.name"), text="**拟"),
        Fact(label=Words("card_info.fact.id_number"), text="**************0004"),
        Fact(label=Words("card_info.fact.issued"), text="2022-01-01"),
        Fact(label=Words("card_info.fact.valid_until"), text="2032-01-01"),
    ),
    picture=Picture.TAKE_BANK_CARD,
    idle_s=90,
)

DEPOSITED = (
    Fact(label=Words("account_deposit.fact.account"), text="999999*********0014"),
    Fact(label=Words("account_deposit.fact.amount"), money_fen=200_000, strong=True),
    REFERENCE,
)

# An ID card that is nobody's: order code 000 is never given to anyone.
CARD_FIELDS = {
    "name": "甄模拟",
    "sex": "女",
    "ethnicity": "乌孜别克",
    "birth": "1990-03-07",
    "address": "新疆维吾尔自治区伊犁哈萨克自治州霍尔果斯市虚构镇示例村三组88号院2单元",
    "id_number": "110101199003070003",
    "authority": "霍尔果斯市公安局虚构镇分局",
    "valid_from": "2026-01-01",
    "valid_until": "2046-01-01",
}


def crop(text: str) -> str:
    """A field as the camera sees it: its text on the card's ground, a little blurred."""
    font = ImageFont.truetype(str(Path(kiosk_core.fonts.__file__).parent / "NotoSansSC-Regular.ttf"), 26)
    lines = [text[start : start + 18] for start in range(0, len(text), 18)]
    width, height = round(max(map(font.getlength, lines))) + 24, 38 * len(lines) + 8
    image = Image.new("L", (width, height), 208)
    for number, line in enumerate(lines):
        ImageDraw.Draw(image).text((12, 2 + 38 * number), line, font=font, fill=60)
    file = io.BytesIO()
    image.resize((width // 2, height // 2)).resize((width * 2 // 3, height * 2 // 3)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode("ascii")


def card_field(name: str, state: FieldState = FieldState.SURE, text: str | None = None) -> FormField:
    text = CARD_FIELDS[name] if text is None else text
    pictured = crop(text or "模糊") if state is FieldState.ASKED else ""
    return FormField(name=name, label=Words(f"id_update.label.{name}"), text=text, state=state, crop=pictured)


def scan(side: DocumentSide, hint: Hint, problem: str = "") -> ScanPage:
    each = f"{side.value}." if hint in {Hint.LAY_DOWN, Hint.TURN_OVER} else ""
    return ScanPage(
        title=Words(f"id_update.scan.{side.value}"),
        hint=Words(f"id_update.hint.{each}{hint.value}"),
        sign=hint.value,
        good=hint is Hint.READING,
        picture=Picture.ID_CARD_FRONT if side is DocumentSide.FRONT else Picture.ID_CARD_BACK,
        steps=(Words("id_update.side.front"), Words("id_update.side.back")),
        current=0 if side is DocumentSide.FRONT else 1,
        problem=Words(f"id_update.problem.{problem}") if problem else None,
        preview=Preview(),
        idle_s=90,
        cancellable=True,
    )


def id_form(*asked: str, opened: str = "") -> FormPage:
    states = dict.fromkeys(asked, FieldState.ASKED) | {opened: FieldState.OPEN}
    fields = [
        card_field(name, states.get(name, FieldState.SURE), "" if name == opened else None) for name in CARD_FIELDS
    ]
    fields.sort(key=lambda field: field.state is not FieldState.ASKED)
    return FormPage(
        title=Words("id_update.form.title"),
        body=Words("id_update.form.asked", {"count": f"{len(asked)}"}) if asked else Words("id_update.form.body"),
        fields=tuple(fields),
        idle_s=90,
        cancellable=True,
    )


def ask_field(
    name: str, entry: FieldEntry, text: str | None = None, problem: str = "", choices: tuple[str, ...] = ()
) -> FieldPage:
    field = card_field(name, FieldState.ASKED, text)
    return FieldPage(
        title=Words(f"id_update.field.{name}" if field.text else f"id_update.field_empty.{name}"),
        field=field,
        entry=entry,
        choices=choices,
        may_stay_open=name in {"address", "authority"},
        problem=Words(f"id_update.field_problem.{problem}") if problem else None,
        idle_s=90,
        cancellable=True,
    )


ID_CARD_FACTS = (
    Fact(label=Words("id_update.fact.name"), text="**拟"),
    Fact(label=Words("id_update.fact.id_number"), text="**************0003"),
    Fact(label=Words("id_update.fact.valid_until"), text="2046-01-01", strong=True),
    REFERENCE,
)


def updated(name: str, tone: Tone, *pictures: Picture, body: str = "", **more: object) -> ResultPage:
    return ResultPage(
        tone=tone,
        title=Words(f"id_update.{name}.title"),
        body=Words(body or f"id_update.{name}.body"),
        pictures=pictures,
        **more,  # type: ignore[arg-type]
    )


ID_PAGES: dict[str, Page] = {
    "id_front": scan(DocumentSide.FRONT, Hint.LAY_DOWN),
    "id_front_original": scan(DocumentSide.FRONT, Hint.WHOLE_CARD, "original"),
    "id_back": scan(DocumentSide.BACK, Hint.TURN_OVER),
    "id_back_other_card": scan(DocumentSide.BACK, Hint.GLARE, "other_card"),
    "id_form": id_form(),
    "id_form_asked": id_form("name", "address"),
    "id_form_all_asked": id_form(*CARD_FIELDS),
    "id_form_open": id_form(opened="address"),
    "id_name": ask_field("name", FieldEntry.TEXT),
    "id_address": ask_field("address", FieldEntry.TEXT),
    "id_authority_empty": ask_field("authority", FieldEntry.TEXT, ""),
    "id_number": ask_field("id_number", FieldEntry.NUMBER, "1101011990030700"),
    "id_number_problem": ask_field("id_number", FieldEntry.NUMBER, problem="number"),
    "id_valid_until_endless": ask_field("valid_until", FieldEntry.LAST_DAY, "长期", problem="order"),
    "id_sex": ask_field("sex", FieldEntry.CHOICE, choices=("男", "女")),
    "id_ethnicity": ask_field("ethnicity", FieldEntry.CHOICE, choices=ETHNICITIES),
    "id_updated": updated("updated", Tone.SUCCESS, Picture.TAKE_ID_CARD, Picture.TAKE_RECEIPT, facts=ID_CARD_FACTS),
    "id_updated_open": updated(
        "updated",
        Tone.SUCCESS,
        Picture.TAKE_ID_CARD,
        facts=ID_CARD_FACTS,
        body="id_update.updated.body_no_receipt",
        reason=Words("id_update.open"),
    ),
    "id_pending": updated("pending", Tone.ATTENTION, Picture.TAKE_ID_CARD, Picture.TAKE_RECEIPT, facts=ID_CARD_FACTS),
    "id_refused": updated(
        "refused",
        Tone.ATTENTION,
        Picture.STAFF,
        Picture.TAKE_ID_CARD,
        body="id_update.refused.body.unknown_customer",
    ),
}

_QUEUE_SERVICES = (
    ("simple", "简单业务", "Simple services", 3, 10),
    ("complex", "复杂业务", "Complex services", 12, 85),
    ("corporate", "对公业务", "Business banking", 0, 1),
)
QUEUE = QueueStrip(
    calls=tuple(StripCall(ticket=ticket, window=window) for ticket, window in (("A013", "3"), ("B004", "12"))),
    services=tuple(
        StripService(title=LocalText(zh, en), waiting=waiting, up_to_min=up_to)
        for _, zh, en, waiting, up_to in _QUEUE_SERVICES
    ),
)
QR_OF_TICKET = "https://queue.branch.example:8640/t#A013.20261122.Zk3v9QxT1sLr0aWm8bYcDg"
TICKETS = replace(
    OTHERS[1],
    service_id="queue_ticket",
    icon="ticket",
    subtitle=LocalText("不用证件 · 老人优先", "No card needed · elderly first"),
)


def ticket(paper: Paper, body: str, number: str = "A013", qr: bool = True, **more: object) -> TicketPage:
    return TicketPage(
        number=number,
        service=LocalText("简单业务", "Simple services"),
        ahead=Words("queue_ticket.ticket.ahead", {"ahead": "12"}),
        wait=Words("queue_ticket.ticket.wait", {"about": "14", "up_to": "21"}),
        body=Words(f"queue_ticket.ticket.{body}"),
        qr=QR_OF_TICKET if qr else "",
        paper=paper,
        **more,  # type: ignore[arg-type]
    )


def way(name: str, icon: str, **more: object) -> Choice:
    words = f"queue_ticket.way.{name}"
    return Choice(
        name=name,
        title=Words(f"{words}.title"),
        subtitle=Words(f"{words}.subtitle"),
        icon=icon,
        **more,  # type: ignore[arg-type]
    )


CARE = LocalText("爱心优先", "Priority service")
WAYS = (
    way("without", "ticket", leading=True),
    Choice(
        name="class_green",
        title=CARE,
        subtitle=LocalText("老人、行动不便、孕妇、带婴儿", "Elderly, disabled, pregnant, baby"),
        icon="care",
    ),
    way("id_card", "id_card"),
    way("bank_card", "bank"),
    way("appointment", "clock"),
)


def choose_way(*choices: Choice, problem: str = "") -> ChoicePage:
    return ChoicePage(
        title=Words("queue_ticket.way.title"),
        choices=choices,
        problem=Words(f"queue_ticket.way.problem.{problem}") if problem else None,
        idle_s=60,
        cancellable=True,
    )


QUEUE_PAGES: dict[str, Page] = {
    "home_4_queue": MenuPage(items=(TOP_UP, TICKETS, *OTHERS[2:4]), queue=QUEUE),
    "home_6_queue": MenuPage(items=(TOP_UP, *OTHERS[:5]), queue=QUEUE),
    "home_5_queue_no_calls": MenuPage(items=(TOP_UP, TICKETS, *OTHERS[2:5]), queue=replace(QUEUE, calls=())),
    "home_4_queue_of_7": MenuPage(
        items=(TOP_UP, TICKETS, *OTHERS[2:4]),
        queue=replace(
            QUEUE,
            services=(
                *QUEUE.services,
                *(
                    StripService(title=LocalText("个人贷款与理财咨询", "Loans and investment advice"), waiting=123)
                    for _ in range(4)
                ),
            ),
        ),
    ),
    "home_8_queue": MenuPage(items=(TOP_UP, *OTHERS), notice=Words("home.take_card"), queue=QUEUE),
    "queue_services": ChoicePage(
        title=Words("queue_ticket.service.title"),
        choices=tuple(
            Choice(
                name=name,
                title=LocalText(zh, en),
                subtitle=Words("queue_ticket.service.waits", {"waiting": f"{waiting}", "up_to": f"{up_to}"}),
                icon="ticket",
            )
            for name, zh, en, waiting, up_to in _QUEUE_SERVICES
        ),
        idle_s=60,
        cancellable=True,
    ),
    "queue_services_8": ChoicePage(
        title=Words("queue_ticket.service.title"),
        choices=tuple(
            Choice(
                name=f"service_{number}",
                title=LocalText("个人贷款与理财咨询", "Loans and investment advice"),
                subtitle=Words("queue_ticket.service.waits", {"waiting": "123", "up_to": "185"}),
                icon="ticket",
            )
            for number in range(8)
        ),
        idle_s=60,
        cancellable=True,
    ),
    "queue_ways": choose_way(*WAYS[:4]),
    "queue_ways_all": choose_way(*WAYS, problem="id_card"),
    "queue_ways_two": choose_way(*WAYS[:2]),
    "queue_code": FieldPage(
        title=Words("queue_ticket.code.title"),
        field=FormField(name="appointment", label=Words("queue_ticket.code.label"), text="", state=FieldState.ASKED),
        entry=FieldEntry.CODE,
        problem=Words("queue_ticket.code.unknown"),
        cancellable=True,
    ),
    "queue_id_card": CapturePage(
        title=Words("queue_ticket.id_card.title"),
        body=Words("queue_ticket.id_card.body"),
        picture=Picture.PLACE_ID_CARD,
        problem=Words("queue_ticket.id_card.problem.not_genuine"),
        cancellable=True,
    ),
    "queue_picture": ScanPage(
        title=Words("queue_ticket.picture.title"),
        hint=Words("id_update.hint.front.lay_down"),
        sign="lay_down",
        picture=Picture.ID_CARD_FRONT,
        steps=(),
        current=0,
        preview=Preview(),
        cancellable=True,
    ),
    "queue_ticket_printing": ticket(Paper.PRINTING, "printing"),
    "queue_ticket": ticket(
        Paper.PRINTED, "printed", customer_class=CARE, take=Words("queue_ticket.ticket.take.id_card")
    ),
    "queue_ticket_unprinted": ticket(Paper.NONE, "scan", number="AB1013"),
    "queue_ticket_no_code": ticket(Paper.NONE, "none", qr=False),
    "queue_ticket_printed_no_code": ticket(Paper.PRINTED, "printed", qr=False),
    "queue_silent": ResultPage(
        tone=Tone.ATTENTION,
        title=Words("queue_ticket.silent.title"),
        body=Words("queue_ticket.silent.body"),
        pictures=(Picture.STAFF,),
    ),
}

PAGES: dict[str, Page] = (
    ID_PAGES
    | QUEUE_PAGES
    | {
        "home_1": MenuPage(items=(TOP_UP,)),
        "home_1_notice": MenuPage(items=(TOP_UP,), notice=Words("home.take_card")),
        "home_1_unavailable": MenuPage(items=(TOP_UP_CLOSED,)),
        "home_2": MenuPage(items=(TOP_UP, *OTHERS[:1])),
        "home_3": MenuPage(items=(TOP_UP, *OTHERS[:2])),
        "home_4": MenuPage(items=(TOP_UP, *OTHERS[:3])),
        "home_6": MenuPage(items=(TOP_UP, *OTHERS[:5])),
        "home_8": MenuPage(items=(TOP_UP, *OTHERS)),
        "home_8_notice": MenuPage(items=(TOP_UP, *OTHERS), notice=Words("home.take_card")),
        "place_card": CapturePage(
            title=Words("top_up.place_card.title"),
            body=Words("top_up.place_card.body"),
            picture=Picture.PLACE_CARD,
            cancellable=True,
        ),
        "place_card_problem": CapturePage(
            title=Words("top_up.place_card.title"),
            body=Words("top_up.place_card.body"),
            picture=Picture.PLACE_CARD,
            problem=Words("top_up.problem.not_a_transit_card"),
            cancellable=True,
        ),
        "return_card": CapturePage(
            title=Words("top_up.return_card.title"),
            body=Words("top_up.return_card.body", AMOUNT),
            picture=Picture.RETURN_CARD,
            problem=Words("top_up.problem.other_card"),
            deadline_s=90,
        ),
        "prove_card": CapturePage(
            title=Words("top_up.prove_card.title"),
            body=Words("top_up.prove_card.body", AMOUNT),
            picture=Picture.RETURN_CARD,
            deadline_s=90,
        ),
        "camera_check": CapturePage(
            title=Words("camera_check.title"),
            body=Words("camera_check.body"),
            picture=Picture.PLACE_CARD,
            preview=Preview(),
            cancellable=True,
        ),
        "reading": ProgressPage(
            title=Words("top_up.reading.title"),
            body=Words("top_up.reading.body"),
            steps=(),
            current=0,
            picture=Picture.KEEP_CARD,
        ),
        "amount_extended": keypad(notice=Words("top_up.amount.extended", {"date": "2036-11-22"})),
        "amount": keypad(),
        "amount_problem": keypad(problem=Words("top_up.amount.problem.balance", {"max": "¥450"}), max_fen=45000),
        "amount_notice": keypad(
            notice=LocalText("本月充值满 100 元，另送 5 元乘车券。", "Add ¥100 or more this month: a ¥5 ride voucher.")
        ),
        "amount_rule": keypad(
            notice=LocalText(
                "为了资金安全，同一张卡每天最多充值¥1,000。", "To protect you, one card takes at most ¥1,000 a day."
            ),
            problem=Words("top_up.amount.problem.rule", {"max": "¥50.00"}),
            presets_fen=(2000, 5000),
            max_fen=5000,
        ),
        "id_card": CapturePage(
            title=Words("top_up.id_card.title"),
            body=Words("top_up.id_card.body", {"amount": "¥500.00"}),
            picture=Picture.PLACE_ID_CARD,
            problem=Words("top_up.id_card.problem.not_genuine"),
            cancellable=True,
        ),
        "loaded_id_card": replace(
            result(
                Tone.SUCCESS,
                "loaded",
                (*TAKE_CARD_AND_RECEIPT, Picture.TAKE_ID_CARD),
                CARD_FACT,
                AMOUNT_FACT,
                REFERENCE,
            ),
            reason=Words("top_up.id_card.take"),
        ),
        "barred": ResultPage(
            tone=Tone.ATTENTION,
            title=Words("top_up.barred.title"),
            reason=LocalText(
                "这张卡今天已充值10次，明天可以再充。",
                "This card has been topped up 10 times today. You can add more tomorrow.",
            ),
            body=Words("top_up.barred.body"),
            pictures=TAKE_CARD,
        ),
        "payment": PaymentPage(
            amount_fen=10000,
            qr="https://qr.example.org/pay?order=2026112201024400017&amount=10000&check=9f3c51d7",
            deadline_s=120,
            cancellable=True,
        ),
        "payment_card_gone": PaymentPage(
            amount_fen=50000,
            qr="https://qr.example.org/pay?order=2026112201024400017&amount=50000&check=9f3c51d7",
            deadline_s=47,
            card_present=False,
            cancellable=True,
        ),
        "ways_to_pay": ways_to_pay(BY_PHONE, BY_BANK_CARD),
        "ways_to_pay_problem": ways_to_pay(BY_PHONE, problem="gone"),
        "insert_bank_card": with_bank_card("insert_card", Picture.INSERT_BANK_CARD, deadline_s=120),
        "insert_bank_card_problem": with_bank_card(
            "insert_card", Picture.INSERT_BANK_CARD, "not_accepted", deadline_s=120
        ),
        "read_bank_card": ProgressPage(
            title=Words("top_up.bank_card.read_card.title"),
            body=Words("top_up.bank_card.read_card.body"),
            steps=(),
            current=0,
            picture=Picture.KEEP_BANK_CARD,
        ),
        "enter_pin": with_bank_card("enter_pin", Picture.ENTER_PIN),
        "enter_pin_problem": with_bank_card("enter_pin", Picture.ENTER_PIN, "transit_card"),
        "ask_bank": ProgressPage(
            title=Words("top_up.bank_card.ask_bank.title"),
            body=Words("top_up.bank_card.ask_bank.body"),
            steps=(),
            current=0,
            picture=Picture.KEEP_BANK_CARD,
        ),
        "take_bank_card": with_bank_card("take_card", Picture.TAKE_BANK_CARD, "unreadable", deadline_s=100),
        "working_two_cards": ProgressPage(
            title=Words("top_up.working.title"),
            body=Words("top_up.working.two_cards"),
            steps=STEPS,
            current=2,
            picture=Picture.KEEP_CARD,
        ),
        "loaded_bank_card": replace(
            result(
                Tone.SUCCESS,
                "loaded",
                (*TAKE_CARD_AND_RECEIPT, Picture.TAKE_BANK_CARD),
                CARD_FACT,
                AMOUNT_FACT,
                REFERENCE,
            ),
            reason=Words("top_up.bank_card.take"),
        ),
        "loaded_three_cards": replace(
            result(
                Tone.SUCCESS,
                "loaded",
                (*TAKE_CARD_AND_RECEIPT, Picture.TAKE_BANK_CARD, Picture.TAKE_ID_CARD),
                CARD_FACT,
                AMOUNT_FACT,
                Fact(label=Words("fact.new_balance"), money_fen=14650, strong=True),
                REFERENCE,
            ),
            reason=Words("top_up.bank_card.take_both"),
        ),
        "loaded_and_valid_longer": replace(
            result(
                Tone.SUCCESS,
                "loaded",
                (*TAKE_CARD_AND_RECEIPT, Picture.TAKE_BANK_CARD, Picture.TAKE_ID_CARD),
                CARD_FACT,
                Fact(label=Words("fact.valid_until"), text="2027-11-22"),
                AMOUNT_FACT,
                Fact(label=Words("fact.new_balance"), money_fen=14650, strong=True),
                REFERENCE,
            ),
            reason=Words("top_up.bank_card.take_both"),
        ),
        "refunded_to_bank_card": replace(
            result(
                Tone.NEUTRAL,
                "refunded",
                (*TAKE_CARD_AND_RECEIPT, Picture.TAKE_BANK_CARD),
                CARD_FACT,
                Fact(label=Words("fact.refund"), money_fen=10000, strong=True),
                REFERENCE,
                body="top_up.refunded_to_bank_card.body",
                **AMOUNT,
            ),
            reason=Words("top_up.bank_card.take"),
        ),
        "extending": ProgressPage(
            title=Words("top_up.extending.title"),
            body=Words("top_up.extending.body"),
            steps=(),
            current=0,
            picture=Picture.KEEP_CARD,
        ),
        "working": ProgressPage(
            title=Words("top_up.working.title"),
            body=Words("top_up.working.body"),
            steps=STEPS,
            current=3,
            picture=Picture.KEEP_CARD,
        ),
        "loaded": result(
            Tone.SUCCESS,
            "loaded",
            TAKE_CARD_AND_RECEIPT,
            CARD_FACT,
            AMOUNT_FACT,
            Fact(label=Words("fact.old_balance"), money_fen=4650),
            Fact(label=Words("fact.new_balance"), money_fen=14650, strong=True),
            TIME,
        ),
        "loaded_no_receipt": result(
            Tone.SUCCESS,
            "loaded",
            TAKE_CARD,
            CARD_FACT,
            AMOUNT_FACT,
            Fact(label=Words("fact.old_balance"), money_fen=4650),
            Fact(label=Words("fact.new_balance"), money_fen=14650, strong=True),
            REFERENCE,
            TIME,
            body="top_up.loaded_no_receipt.body",
        ),
        "not_extended": result(Tone.NEUTRAL, "card_refused", TAKE_CARD, body="top_up.card_refused.body.not_extended"),
        "cancelled": result(Tone.NEUTRAL, "cancelled", TAKE_CARD),
        "refunded": result(
            Tone.NEUTRAL,
            "refunded",
            TAKE_CARD,
            CARD_FACT,
            Fact(label=Words("fact.refund"), money_fen=10000, strong=True),
            REFERENCE,
            TIME,
            **AMOUNT,
        ),
        "refund_pending": result(
            Tone.ATTENTION, "refund_pending", TAKE_CARD, CARD_FACT, AMOUNT_FACT, REFERENCE, TIME, **AMOUNT
        ),
        "suspense": result(
            Tone.ATTENTION,
            "suspense",
            (Picture.STAFF, Picture.TAKE_RECEIPT),
            CARD_FACT,
            AMOUNT_FACT,
            REFERENCE,
            TIME,
            **AMOUNT,
        ),
        "declined": result(Tone.NEUTRAL, "declined", TAKE_CARD, body="top_up.declined.body.mac1_wrong"),
        "declined_earlier": result(Tone.NEUTRAL, "declined", TAKE_CARD, body="top_up.declined.body.earlier_load"),
        "giving_back": ProgressPage(
            title=Words("top_up.giving_back.title"), body=Words("top_up.giving_back.body"), steps=(), current=0
        ),
        "out_of_service_midway": ResultPage(
            tone=Tone.ATTENTION, title=Words("out_of_service.title"), body=Words("top_up.out_of_service.body")
        ),
        "starting": MessagePage(title=Words("starting.title"), body=Words("starting.body")),
        "one_moment": MessagePage(title=Words("one_moment.title"), body=Words("one_moment.body")),
        "out_of_service": MessagePage(title=Words("out_of_service.title"), body=Words("out_of_service.body")),
        "warning": keypad(warning_s=20),
        "warning_no_cancel": replace(result(Tone.SUCCESS, "loaded", TAKE_CARD), warning_s=20),
        "card_info": card_info(*ENTRIES),
        "card_info_empty": card_info(),
        "card_info_overdrawn": card_info(
            *ENTRIES[:2],
            balance_fen=-150,
            notice=Words("card_info.overdrawn", {"used": "¥1.50"}),
            more=(Fact(label=Words("card_info.fact.usable"), money_fen=850, strong=True),),
        ),
        "social_security": SOCIAL_SECURITY,
        "social_security_withheld": replace(
            SOCIAL_SECURITY, facts=SOCIAL_SECURITY.facts[:1], notice=Words("card_info.withheld.needs_module")
        ),
        "deposit_insert_card": CapturePage(
            title=Words("account_deposit.insert_card.title"),
            body=Words("account_deposit.insert_card.body"),
            picture=Picture.INSERT_BANK_CARD,
            problem=Words("account_deposit.problem.not_accepted"),
            cancellable=True,
        ),
        "deposit_amount": keypad(
            title=Words("account_deposit.amount.title"),
            card=CardView(masked_number="999999*********0014", balance_fen=None),
            notice=Words("account_deposit.amount.take_card"),
            max_fen=200_000,
            presets_fen=(10_000, 20_000, 50_000, 100_000, 150_000, 200_000),
        ),
        "deposit_amount_capped": keypad(
            title=Words("account_deposit.amount.title"),
            card=CardView(masked_number="999999*********0014", balance_fen=None),
            problem=Words("account_deposit.amount.take_card"),
            notice=LocalText(
                "为了您的资金安全，同一张卡每天最多存10次，共¥10,000。明天可以再存。",
                "To protect you, one card takes at most 10 deposits and ¥10,000 a day. You can pay in more tomorrow.",
            ),
            max_fen=100_000,
            presets_fen=(10_000, 20_000, 50_000, 100_000),
        ),
        "deposit_payment": PaymentPage(
            amount_fen=200_000, qr="https://pay.example.com/o/1", deadline_s=120, card_present=None, cancellable=True
        ),
        "deposited": ResultPage(
            tone=Tone.SUCCESS,
            title=Words("account_deposit.deposited.title"),
            body=Words("account_deposit.deposited.body"),
            facts=DEPOSITED,
            pictures=(Picture.TAKE_RECEIPT,),
        ),
        "deposited_no_receipt": ResultPage(
            tone=Tone.SUCCESS,
            title=Words("account_deposit.deposited.title"),
            body=Words("account_deposit.deposited.body_no_receipt"),
            facts=DEPOSITED,
        ),
    }
)
