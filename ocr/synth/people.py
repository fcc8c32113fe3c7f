"""People who do not exist: names, regions, addresses and ID numbers that are put together at random."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from kiosk_core.ethnicities import ETHNICITIES
from kiosk_core.id_card_reader import check_character
from ocr import regions

# Shares of 10,000 people, after the census of 2020: Han 91 %, then the larger ones; all others are equally rare.
_COMMON = {
    "汉": 8200,
    "壮": 150,
    "维吾尔": 120,
    "回": 120,
    "苗": 110,
    "满": 110,
    "彝": 100,
    "土家": 100,
    "藏": 80,
    "蒙古": 80,
}
_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
    "余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_RARE_SURNAMES = (
    "亓",
    "禤",
    "逄",
    "仝",
    "佘",
    "郗",
    "麴",
    "昝",
    "殳",
    "乜",
    "谌",
    "欧阳",
    "上官",
    "司徒",
    "尉迟",
    "单于",
)
_GIVEN = (
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂华建国志红玉梅春海燕文辉鹏飞云波宇浩凯健俊帆雪琳婷慧"
    "佳欣怡雨晨梓轩子涵思睿博林森淼鑫晶莹洁倩雯颖璐瑶琪瑾萱昊天宁安康福禄寿喜庆祥吉顺利达广东西南北中山川"
    "江河湖一"
)
RARE_GIVEN = (
    "翀赟珅镕喆昉彧奭旻旸昶晞曈翾甯璟琰珺玥瑄琮璠璎瑀翊翙翚頔颀馥骁骉骞鹍麟龑堃垚犇猋焱燊燚淦淼渼潇澍瀚灏"
    "炅炜烨煊煜熠祎禛禹稷竑筱筠箐篁簃絜缊翯聿芃芾茜荻菡葳蓁蕤薇藜虓蠡衎裎觅"
)
_UIGHUR = ("阿不都", "买买提", "吐尔逊", "艾力", "古丽", "阿依", "热合曼", "玉素甫", "帕提古丽", "阿卜杜拉")
_ROADS = (
    "人民", "解放", "中山", "建设", "和平", "新华", "胜利", "文化", "长江", "黄河", "东风", "红旗",
    "光明", "幸福", "友谊", "劳动", "工农", "青年", "体育场", "火车站前", "滨河", "学府", "迎宾",
    "金山", "银河", "凤凰",
)  # fmt: skip
_VILLAGES = (
    "王家", "李家", "张家", "赵庄", "上坪", "下河", "大湾", "石桥", "柳林", "东山", "西沟", "南坪",
    "北岭", "新安", "永兴", "太平", "龙潭", "白马", "青石", "黄土",
)  # fmt: skip
_TOWNS = (
    "城关", "城东", "河口", "石门", "双桥", "新店", "龙泉", "青山", "白沙", "永安", "太和", "三合",
    "高桥", "清水", "大营",
)  # fmt: skip
_YARDS = (
    "锦绣花园", "阳光小区", "翠竹苑", "金色家园", "幸福里", "万科城", "碧桂园", "紫荆公寓", "丽景湾",
    "教师新村",
)  # fmt: skip


@dataclass(frozen=True)
class Person:
    """What stands on both sides of a card. `valid_until` None: 长期. `address` without line breaks."""

    name: str
    sex: str
    ethnicity: str
    birth: date
    address: str
    id_number: str
    authority: str
    valid_from: date
    valid_until: date | None


def person(chance: Random, today: date = date(2026, 6, 1)) -> Person:
    """Return somebody between 16 and 90 years of age who lives in a real county."""
    county = chance.choice(regions.counties())
    birth = today - timedelta(days=chance.randrange(16 * 366, 90 * 365))
    sex = chance.choice("男女")
    ethnicity = _ethnicity(chance)
    sequence = chance.randrange(500) * 2 + (1 if sex == "男" else 0)
    number = f"{county.code}{birth:%Y%m%d}{sequence:03}"
    age = (today - birth).days // 365
    years = 5 if age < 16 + 5 else 10 if age < 26 + 10 else 20
    valid_from = today - timedelta(days=chance.randrange(1, 365 * min(years, age - 15)))
    valid_until = None if age >= 46 + 10 and chance.random() < 0.8 else _after(valid_from, years)
    return Person(
        _name(chance, ethnicity),
        sex,
        ethnicity,
        birth,
        _address(chance, county.code),
        number + check_character(number),
        _authority(county.code),
        valid_from,
        valid_until,
    )


def _after(day: date, years: int) -> date:
    return day.replace(year=day.year + years) if (day.month, day.day) != (2, 29) else date(day.year + years, 2, 28)


def _ethnicity(chance: Random) -> str:
    pick = chance.randrange(10_000)
    for name, share in _COMMON.items():
        if pick < share:
            return name
        pick -= share
    return chance.choice(ETHNICITIES)


def _name(chance: Random, ethnicity: str) -> str:
    if ethnicity == "维吾尔" or (ethnicity in {"哈萨克", "柯尔克孜"} and chance.random() < 0.7):
        return "·".join(chance.sample(_UIGHUR, 2))
    surname = chance.choice(_RARE_SURNAMES) if chance.random() < 0.06 else chance.choice(_SURNAMES)
    given = [
        chance.choice(RARE_GIVEN if chance.random() < 0.12 else _GIVEN) for _ in range(1 + (chance.random() < 0.8))
    ]
    return surname + "".join(given)


def _address(chance: Random, code: str) -> str:
    province, city, county = regions.path(code)
    if chance.random() < 0.4 and county.endswith(("县", "市", "旗")):
        city = ""  # cards of counties often leave out the city above them
    start = province + city + county
    number, house = chance.randrange(1, 400), chance.randrange(1, 60)
    if county.endswith("区") or chance.random() < 0.4:
        text = f"{chance.choice(_ROADS)}{chance.choice(['路', '街', '大道', '巷'])}{number}号"
        if chance.random() < 0.6:
            text += f"{chance.choice(_YARDS)}{house}栋" if chance.random() < 0.5 else f"{house}号楼"
            text += f"{chance.randrange(1, 6)}单元{chance.randrange(1, 33)}0{chance.randrange(1, 5)}室"
    else:
        text = f"{chance.choice(_TOWNS)}{chance.choice(['镇', '乡'])}{chance.choice(_VILLAGES)}村"
        text += chance.choice(
            [
                f"{house}号",
                f"{chance.randrange(1, 20)}组",
                f"{chance.randrange(1, 20)}组{house}号",
                f"村民小组{house}号",
            ]
        )
    return start + text


def _authority(code: str) -> str:
    _, city, county = regions.path(code)
    return (
        f"{city or regions.path(code)[0]}公安局{county.removesuffix('区')}分局"
        if county.endswith("区")
        else f"{county}公安局"
    )
