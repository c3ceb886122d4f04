"""Builder of `tux-cut-outs`: things with a transparent ground, of six kinds, split by thing.

Only stamps that show a whole thing of its kind were taken: no mirrored copies, no parts (a wheel), no overlays that
are to be tinted, no outlines. Things that look alike (all apples, the three penguins, sheep and lamb) stand on the same
side of the split, so that a test thing is one that nobody has seen.
"""

import io
from pathlib import Path

import numpy as np

from utils.data.assets import Asset
from utils.data.builders.origin import get_file
from utils.data.datasets import CUT_OUT_CLASSES

LONGEST_SIDE = 128
QUALITY = 90

# Kind → (folder of stamps, names for training, names for the test).
THINGS: dict[str, tuple[str, str, str]] = {
    "mammal": (
        "animals",
        """mammals/apes/chimp mammals/apes/tamarin_emperor mammals/aquatic/dolphin mammals/aquatic/orca
        mammals/aquatic/otter mammals/bears/bear mammals/bears/european-bear mammals/bovines/bull
        mammals/bovines/gnu-baby mammals/bovines/gnu-baby-stand mammals/bovines/gnu-sitting mammals/bovines/gnu-stand
        mammals/bovines/indian_blackbuck mammals/bovines/mountaingoat mammals/bovines/ram mammals/bovines/sheep
        mammals/bovines/sheep_lamb mammals/bovines/zebu mammals/camel/camel mammals/camel/dromedary mammals/cats/lion
        mammals/cats/lion-2 mammals/deer/caribou mammals/deer/deer mammals/deer/wapiti mammals/dogs/dingo
        mammals/dogs/dog mammals/elephant mammals/equines/donkey mammals/equines/donkey_eating mammals/equines/horse
        mammals/ferret mammals/pig mammals/pig_golden mammals/pig_golden2 mammals/rabbit_little mammals/rhino_black
        mammals/rodents/capybara mammals/rodents/marmot mammals/rodents/mouse mammals/rodents/rabbit
        mammals/rodents/rabbit-2 mammals/rodents/rat mammals/wildboar marsupials/kangaroo marsupials/wombat""",
        """mammals/apes/gorilla mammals/aquatic/sea_lion mammals/badger mammals/bovines/bison mammals/bovines/cow
        mammals/bovines/cow_white mammals/bovines/goat mammals/bovines/yak mammals/cats/tiger
        mammals/cats/tiger_sumatran mammals/deer/doe mammals/dogs/fox mammals/equines/zebra mammals/giraffe
        mammals/hippopotamus mammals/rodents/beaver mammals/rodents/squirrel marsupials/koala""",
    ),
    "bird": (
        "animals/birds",
        """albino_peahen blackbird chicken_profile cuckoo drake duck gander hen heron_greatblue heron_greatblue_flying
        lark little-penguin magellanic_penguin magpie nandou ostrich peacock penguin pigeon quetzal rooster tucan
        turkey""",
        """adelaide-rosella crow crowned_crane guineafowl helmeted_guineafowl owl pelican pink_flamingo rainbow-lorikeet
        seagull silver-gull vulture""",
    ),
    "produce": (
        "food",
        """fruit/Apricot_whole fruit/Strawberry2 fruit/apple_fuji fruit/apple_granny_smith fruit/apple_green
        fruit/apple_red fruit/apple_sierra_beauty fruit/apricot fruit/cherimoya fruit/kiwi fruit/mandarine fruit/mango
        fruit/orange fruit/orange_seville fruit/pomegranate fruit/raspberry fruit/sliced_lime fruit/sliced_orange
        fruit/strawberry vegetables/broccoli vegetables/chilepepper vegetables/garlic vegetables/garlics
        vegetables/lettuce vegetables/onion vegetables/pattypan_squash vegetables/potato vegetables/pumpkin_small
        vegetables/redlettuce vegetables/tomato vegetables/yam""",
        """fruit/Cherry_Stella fruit/avocado fruit/banana fruit/grapes fruit/lemon fruit/pear fruit/pineapple
        vegetables/carrot vegetables/corn vegetables/eggplant vegetables/mushroom vegetables/pepper
        vegetables/yellowpepper""",
    ),
    "flower": (
        "plants/flowers",
        """adeenia appooppanthady bolsom chemparathi flower10 flower2 flower3 flower4 flower5 flower7 flower8 flower9
        pigface plastic/chuvanna_plastic_poo red-gazania rose yellow-flower""",
        """anemone_red anthoorium daffodil flower1 flower6 iris marigold whitestar-petunia""",
    ),
    "sign": (
        "town/roadsigns",
        """arrow crossroads dead_end_sign give_way_sign no_entry_sign school_sign t-junction toilets xing_ped yield""",
        """hospital no_uturn roundabout stop xing_school""",
    ),
    "vehicle": (
        "vehicles",
        """auto/sedan auto/sportscar2 construction/cartoon/cementMixer construction/cartoon/towTruck construction/dumper
        cycle/pink_tricycle emergency/cartoon/fire_engine garbagetruck locomotive/cartoon/boxcar
        locomotive/cartoon/caboose locomotive/cartoon/carriage locomotive/cartoon/tanker locomotive/cartoon/toy_train
        masstransit/cartoon/double_decker_bus race/indycar""",
        """auto/beetle auto/truck construction/cartoon/terex emergency/firetruck farming/cartoon/tux_tractor
        masstransit/green_korean_bus""",
    ),
}


def build(asset: Asset, work: Path) -> dict[str, np.ndarray]:
    """Return for both parts, `train` and `test`, three arrays.

    `files_<part>` (bytes,), uint8, pictures in WebP's lossy format with an alpha channel, one after another;
    `ends_<part>` (things,), int64, where each of them ends; `y_<part>` (things,), uint8, its kind.
    """
    stamps = get_file(asset.origin[0], work)
    arrays = {}
    for place, part in enumerate(("train", "test"), start=1):
        paths = [
            (kind, stamps / row[0] / f"{name}.png")
            for kind, row in ((kind, THINGS[kind]) for kind in CUT_OUT_CLASSES)
            for name in row[place].split()
        ]
        files = [_shrink(path) for _, path in paths]
        arrays[f"files_{part}"] = np.frombuffer(b"".join(files), np.uint8)
        arrays[f"ends_{part}"] = np.cumsum([len(file) for file in files]).astype(np.int64)
        arrays[f"y_{part}"] = np.array([CUT_OUT_CLASSES.index(kind) for kind, _ in paths], np.uint8)
    return arrays


def _shrink(path: Path) -> bytes:
    """Return a stamp without its empty margin, at most 128 pixels long, as WebP."""
    from PIL import Image

    with Image.open(path) as file:
        image = file.convert("RGBA")  # a palette's transparency becomes an alpha channel
    image = image.crop(image.getchannel("A").point(lambda alpha: 255 * (alpha > 8)).getbbox())
    if max(image.size) > LONGEST_SIDE:
        scale = LONGEST_SIDE / max(image.size)
        size = [max(1, round(side * scale)) for side in image.size]
        image = image.resize(size, Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=QUALITY, method=6)
    return buffer.getvalue()
