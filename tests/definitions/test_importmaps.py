"""The shipped import maps turn other shops' files into our records, and their money stays the same.

The rows are written here in the shape of the real files. `--long --data DIR` tries the real ones as
well; DIR holds `shopify/`, `spree/` and `uci_online_retail/`.
"""

import csv
import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from runtime.files import FileStore
from runtime.importing.choosing import Wish, choose
from runtime.importing.loading import Loading, gather, load
from runtime.importing.picture_archive import PictureArchive
from runtime.importing.pictures import Pictures
from runtime.importing.report import Tally, Verdict
from runtime.importing.tables import Reading
from runtime.messages import Actor
from tests.databases import sqlite_url
from tests.elsewhere import elsewhere, picture, zipped
from tests.offices import Office, open_office

DEFINITIONS = Path(__file__).parents[2] / "definitions"
SYSTEM = Actor(0, "System", frozenset({"administrator"}), kind="system")

INVOICES = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
500001,A1,BLUE LAMP,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
500001,B2,RED CUP,2,2010-12-01 08:26:00,3.39,17850.0,United Kingdom
500002,A1,BLUE LAMP,1,2010-12-01 09:00:00,2.46,,EIRE
500001,C3,,4,2010-12-01 08:26:00,0.001,17850.0,United Kingdom
C500003,a1,BLUE LAMP,-2,2010-12-02 10:00:00,2.55,17850.0,United Kingdom
500004,B2,broken,-30,2010-12-02 11:00:00,0.0,,United Kingdom
A500005,ADJ,Adjust bad debt,1,2010-12-03 11:00:00,-11.06,,United Kingdom
500006,B2,,0,2010-12-03 12:00:00,1.25,,France
"""
SHOPIFY = """Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,\
Option2 Name,Option2 Value,Option3 Name,Option3 Value,Variant Grams,Variant Price,\
Variant Compare At Price,Variant Barcode,Image Src,Image Alt Text,SEO Title,SEO Description
plain-shirt,Plain Shirt,<p>Soft</p>,Mill Lane,Tops,"men, new",true,Title,Default Title,,,,,250,\
50,,,https://pictures.example.com/1.jpg,A shirt,,
wool-top,Wool Top,Warm,Mill Lane,Tops,women,false,Size,Small,Color,Red,,,300,60,80,,\
https://pictures.example.com/2.jpg,,Wool,
wool-top,,,,,,,,Large,,Red,,,320,65,,,,,,
wool-top,,,,,,,,,,,,,,,,,https://pictures.example.com/3.jpg,From behind,,
"""
SPREE = """slug,sku,name,price,compare_at_price,currency,status,description,meta_title,\
meta_description,tags,category1,option1_name,option1_value,option2_name,option2_value,image1_src
mug,MUG,Mug,0,0,USD,active,A mug,Mug | Shop,,"cup, tea",Kitchen -> Mugs,,,,,
mug,MUG-RED,,9.99,12,USD,,,,,,,Color,Red,,,https://pictures.example.com/m.webp
mug,MUG-BLUE,,8.99,0,USD,,,,,,,Color,Blue,,,
mug,MUG-RED,,9.49,0,EUR,,,,,,,Color,Red,,,
tray,TRAY,Tray,5,0,USD,draft,,,,,,,,,,
"""
TRANSLATIONS = """slug,locale,name,description,meta_title,meta_description
mug,de,Becher,Ein Becher,Becher,
mug,fr,Tasse,Une tasse,Tasse,
"""


WOO = """ID,Type,SKU,Name,Published,"Visibility in catalog","Short description",Description,\
"Tax status","In stock?","Weight (lbs)","Sale price","Regular price",Categories,Tags,Images,\
Parent,"Grouped products",Position,"Attribute 1 name","Attribute 1 value(s)",\
"Attribute 1 visible","Attribute 2 name","Attribute 2 value(s)","Meta: _wpcom_is_markdown"
79,variation,hoodie-red,"Hoodie - Red, No",1,visible,,,taxable,1,,42,45,,,\
https://pictures.example.com/r.jpg,hoodie,,1,Color,Red,,Logo,No,
45,variable,hoodie,Hoodie,1,visible,Warm,Very warm,taxable,1,1.5,,,"Clothing > Hoodies, Sale",\
"a, b","https://pictures.example.com/1.jpg, https://pictures.example.com/2.jpg",,,0,Color,\
"Blue, Red",1,Logo,"Yes, No",1
58,simple,belt,Belt,0,visible,,,taxable,1,1.2,55,65,Clothing > Accessories,,\
https://pictures.example.com/b.jpg,,,0,,,,,,1
90,variation,,"Hoodie - Blue, Yes",1,visible,,,taxable,1,,,45,,,,hoodie,,0,Color,Blue,,Logo,Yes,
73,"simple, downloadable, virtual",,Album,1,visible,,,taxable,1,,,15,Music,,,,,0,,,,,,1
87,grouped,set,Set,1,visible,,,taxable,1,,,,Clothing,,,,"hoodie, belt",0,,,,,,1
91,variation,lost-one,Lost,1,visible,,,taxable,1,,,9,,,,nowhere,,0,Color,Blue,,,,
92,variable,cap,Cap,1,visible,,,taxable,1,,,,,,,,,0,Color,Red,,,,
93,variation,cap-red,Cap - Red,1,visible,,,taxable,1,,,ten,,,,cap,,0,Color,Red,,,,
"""
MAGENTO = """sku,store_view_code,attribute_set_code,product_type,categories,product_websites,name,\
description,weight,product_online,visibility,price,special_price,url_key,meta_title,\
meta_keywords,additional_attributes,qty,configurable_variations,configurable_variation_labels
Shirt 1-Black,,Default,simple,Default Category/Gear,base,Shirt Black,,1.2345,1,\
Not Visible Individually,10,,shirt-black,,,color=Black,5,,
Shirt 1-Red,,Default,simple,Default Category/Gear,base,Shirt Red,,1,1,\
Not Visible Individually,12,11,shirt-red,,,color=Red,5,,
Shirt 1,,Default,configurable,"Default Category/Gear,Default Category/Gear/Shirts",base,Shirt,\
<p>Soft</p>,,1,"Catalog, Search",,,shirt-1,Shirts,"soft, new",has_options=1,0,\
"sku=Shirt 1-Black,color=Black,size=M|sku=Shirt 1-Red,color=Red,size=M",color=Colour
Shirt 1,german,Default,configurable,,,Hemd,,,,,,,,Hemden,,,,,
Shirt 1-Red,german,Default,simple,,,Hemd rot,,,,,,,,,,,,,
strap,,Default,simple,Default Category/Gear/Fitness Equipment,base,Strap,,1.23,2,"Catalog, Search"\
,14,,Strap,,,,100,,
straps,,Default,grouped,Default Category/Gear,base,Straps,,,1,"Catalog, Search",,,straps,,,,0,,
"""
SHOPIFY_NOW = """Title,URL handle,Description,Vendor,Product category,Type,Tags,\
Published on online store,Status,SKU,Barcode,Option1 name,Option1 value,Price,Compare-at price,\
Cost per item,Weight value (grams),Product image URL,Image alt text,SEO title,SEO description
Mug,Mug_1,<p>Blue</p>,Acme,Home > Mugs,Mugs,"blue, new",TRUE,Active,MUG-S,,Size,Small,9.90,,4,\
350.5,https://pictures.example.com/m.jpg,A mug,,
,Mug_1,,,,,,,,MUG-L,,,Large,11.90,12.90,5,400,,,,
"""


DIVISIONS = """[{"code": "11", "name": "北京市", "children": [{"code": "1101", "name": "市辖区",
"children": [{"code": "110101", "name": "东城区", "children": [{"code": "110101001",
"name": "东华门街道"}]}]}]}]"""


@pytest.fixture
def shop(tmp_path: Path) -> Office:
    return open_office(DEFINITIONS, sqlite_url(tmp_path))


def bring_in(
    office: Office, name: str, file: Path, pictures: Pictures | None = None
) -> tuple[dict[str, Tally], list[Verdict]]:
    """Import a file by a shipped map; return the tally of each kind of record, and the refusals."""
    wish = Wish("", name, "", (), Reading(), pictures=pictures is not None)
    chosen = choose(wish, file, office.runtime)
    refused: list[Verdict] = []
    loading = Loading(
        office.runtime,
        SYSTEM,
        lambda verdict: refused.append(verdict),
        lambda tally: None,
        time_zone=chosen.time_zone,
        locale=chosen.locale,
        attachments=pictures,
    )
    if pictures is not None:
        gather(loading, pictures, chosen.table, chosen.targets)
        pictures.fetch_all(lambda done, total: None)
    tallies = load(loading, chosen.table, chosen.targets)
    return {tally.records: tally for tally in tallies}, refused


def pictures_of(office: Office, folder: Path, archive: bytes = b"") -> Pictures:
    """Return what takes the pictures that rows name."""
    runtime = office.runtime
    files = FileStore(
        folder / "files", runtime.engine, runtime.system.file, runtime.clock, runtime.make_id
    )
    opened = None
    if archive:
        (folder / "pictures.zip").write_bytes(archive)
        opened = PictureArchive(folder / "pictures.zip")
    return Pictures(files, SYSTEM.id, ("127.0.0.1",), archive=opened)


def written(folder: Path, text: str) -> Path:
    file = folder / "rows.csv"
    file.write_text(text, encoding="utf-8")
    return file


def variants_of(shop: Office) -> dict[str, tuple[str, int, int | None, int | None]]:
    """Return by SKU the option, the price, the former price and the weight in grams."""
    names = ("spec", "price", "compare_at_price", "weight")
    found = shop.all("variant", ",".join(("sku", *names)))
    return {one["sku"]: tuple(one[name] for name in names) for one in found}


def test_invoices_become_orders_with_the_same_money(shop: Office, tmp_path: Path) -> None:
    tallies, refused = bring_in(shop, "uci_online_retail", written(tmp_path, INVOICES))
    assert tallies["customers"].created == 1
    assert tallies["orders"].created == 5
    orders = {
        o["external_number"]: o for o in shop.all("order", "external_number,kind,status,total")
    }
    assert orders["500001"]["total"] == 6 * 2550 + 2 * 3390 + 4
    assert (orders["C500003"]["kind"], orders["C500003"]["total"]) == ("return", -5100)
    assert orders["C500003"]["status"] == "cancelled"
    assert (orders["500004"]["kind"], orders["500004"]["total"]) == ("adjustment", 0)
    assert orders["A500005"]["total"] == -11060
    assert [(v.line, v.code) for v in refused if v.records == "orders"] == [(9, "NOTHING_ORDERED")]


def test_an_invoice_without_customer_is_a_guests_order(shop: Office, tmp_path: Path) -> None:
    bring_in(shop, "uci_online_retail", written(tmp_path, INVOICES))
    orders = shop.all("order", "external_number,customer.code")
    guests = {o["external_number"] for o in orders if o["customer.code"] is None}
    assert guests == {"500002", "500004", "A500005"}


def test_the_same_file_again_creates_nothing(shop: Office, tmp_path: Path) -> None:
    file = written(tmp_path, INVOICES)
    bring_in(shop, "uci_online_retail", file)
    tallies, _ = bring_in(shop, "uci_online_retail", file)
    assert {name: tally.created for name, tally in tallies.items()} == dict.fromkeys(tallies, 0)


def test_shopify_rows_of_one_handle_are_one_product(shop: Office, tmp_path: Path) -> None:
    _, refused = bring_in(shop, "shopify_products", written(tmp_path, SHOPIFY))
    assert refused == []
    products = {p["code"]: p for p in shop.all("product", "code,status,variant_count,brand.code")}
    assert products["plain-shirt"]["brand.code"] == "mill-lane"
    assert products["plain-shirt"]["status"] == "listed"
    assert products["wool-top"]["variant_count"] == 2
    variants = {v["sku"]: v for v in shop.all("variant", "sku,spec,price,weight")}
    assert variants["plain-shirt-default-title"]["spec"] == "Standard"
    assert variants["wool-top-small-red"]["spec"] == "Small / Red"
    assert variants["wool-top-large-red"]["weight"] == 320
    assert len(shop.all("product_image", "url")) == 3


def test_the_columns_shopify_has_today_are_the_same_products(shop: Office, tmp_path: Path) -> None:
    _, refused = bring_in(shop, "shopify_products", written(tmp_path, SHOPIFY_NOW))
    assert refused == []
    (mug,) = shop.all("product", "code,status,slug,category.code,variant_count")
    assert (mug["code"], mug["status"], mug["slug"]) == ("Mug_1", "listed", None)
    assert (mug["category.code"], mug["variant_count"]) == ("mugs", 2)
    assert variants_of(shop) == {
        "MUG-S": ("Small", 9900, None, 351),
        "MUG-L": ("Large", 11900, 12900, 400),
    }


def test_variations_join_their_product_wherever_it_stands(shop: Office, tmp_path: Path) -> None:
    tallies, refused = bring_in(shop, "woocommerce_products", written(tmp_path, WOO))
    assert [(v.line, v.column, v.value, v.code) for v in refused] == [
        (8, "", "", "no_row_of_its_own"),
        (9, "", "", "with_record"),
        (10, "Regular price", "ten", "invalid"),
    ]
    assert refused[1].message.text("en") == "Refused together with line 10."
    assert (tallies["products"].created, tallies["products"].skipped) == (3, 1)
    products = {p["code"]: p for p in shop.all("product", "code,name,status,category.code,tags")}
    assert products["hoodie"]["name"] == {"en": "Hoodie"}
    assert products["hoodie"]["category.code"] == "clothing-hoodies"
    assert products["belt"]["status"] == "draft"
    assert "id:73" in products
    assert variants_of(shop) == {
        "hoodie-red": ("Red / No", 42000, 45000, None),
        "id-90": ("Blue / Yes", 45000, None, None),
        "belt": ("Standard", 55000, 65000, 544),
        "id-73": ("Standard", 15000, None, None),
    }
    above = {c["code"]: c["parent.code"] for c in shop.all("category", "code,parent.code")}
    assert above == {
        "clothing": None,
        "clothing-hoodies": "clothing",
        "clothing-accessories": "clothing",
        "music": None,
    }
    assert len(shop.all("product_image", "url")) == 4


def test_a_configurable_product_takes_in_what_it_lists(shop: Office, tmp_path: Path) -> None:
    file = written(tmp_path, MAGENTO)
    tallies, refused = bring_in(shop, "magento_products", file)
    assert refused == []
    assert (tallies["products"].created, tallies["german"].updated) == (2, 1)
    products = {p["code"]: p for p in shop.all("product", "code,name,status,slug,category.code")}
    assert products["Shirt 1"]["name"] == {"en": "Shirt", "de": "Hemd"}
    assert products["Shirt 1"]["category.code"] == "gear-shirts"
    assert (products["strap"]["status"], products["strap"]["slug"]) == ("draft", None)
    assert variants_of(shop) == {
        "Shirt 1-Black": ("Black / M", 10000, None, 1235),
        "Shirt 1-Red": ("Red / M", 11000, 12000, 1000),
        "strap": ("Standard", 14000, None, 1230),
    }
    again, _ = bring_in(shop, "magento_products", file)
    assert {name: (one.created, one.updated) for name, one in again.items()} == dict.fromkeys(
        again, (0, 0)
    )


def test_the_pictures_of_other_shops_come_along_where_they_are_wanted(
    shop: Office, tmp_path: Path
) -> None:
    with elsewhere() as there:
        names = {"1.jpg": "red", "2.jpg": "blue", "3.jpg": "green", "r.jpg": "red"}
        there.files = {f"/{name}": (200, {}, picture(color)) for name, color in names.items()}
        for name, text in (("shopify_products", SHOPIFY), ("woocommerce_products", WOO)):
            rows = text.replace("https://pictures.example.com", there.url)
            _, refused = bring_in(shop, name, written(tmp_path, rows), pictures_of(shop, tmp_path))
            lost = [one for one in refused if one.code.startswith("http_")]
            assert len(lost) == rows.count(f"{there.url}/b.jpg")
        assert set(there.asked.values()) == {1, 2}, "once for each file"
    products = {p["code"]: p["picture"] for p in shop.all("product", "code,picture")}
    assert products["plain-shirt"]
    assert products["wool-top"] != products["plain-shirt"]
    held = shop.all("product_image", "url,image")
    assert held
    assert all(one["image"] for one in held)


def test_pictures_of_magento_come_out_of_an_archive_of_its_folder(
    shop: Office, tmp_path: Path
) -> None:
    rows = (
        "sku,product_type,categories,name,price,base_image,additional_images,"
        "configurable_variations\n"
        'strap,simple,Gear,Strap,14,/s/t/strap.jpg,"/s/t/strap.jpg,/s/t/back.jpg",\n'
        "band,simple,Gear,Band,12,no_selection,,\n"
    )
    archive = zipped(s_in_t_in_strap__jpg=picture("red"), s_in_t_in_back__jpg=picture("blue"))
    taken = pictures_of(shop, tmp_path, archive)
    _, refused = bring_in(shop, "magento_products", written(tmp_path, rows), taken)
    assert refused == []
    products = {p["code"]: p["picture"] for p in shop.all("product", "code,picture")}
    assert (bool(products["strap"]), products["band"]) == (True, None)
    images = [one["image"] for one in shop.all("product_image", "image")]
    assert (len(images), products["strap"] in images) == (2, True)


def test_spree_rows_of_one_slug_are_one_product_with_prices_in_two_currencies(
    shop: Office, tmp_path: Path
) -> None:
    _, refused = bring_in(shop, "spree_products", written(tmp_path, SPREE))
    assert refused == []
    counts = {p["code"]: p["variant_count"] for p in shop.all("product", "code,variant_count")}
    assert counts == {"mug": 2, "tray": 1}
    prices = {v["sku"]: v["price"] for v in shop.all("variant", "sku,price")}
    assert prices == {"MUG-RED": 9990, "MUG-BLUE": 8990, "TRAY": 5000}
    euros = shop.all("price", "amount,variant.sku,price_list.currency")
    assert [(p["variant.sku"], p["amount"], p["price_list.currency"]) for p in euros] == [
        ("MUG-RED", 9490, "EUR")
    ]


def test_translations_are_added_to_a_name(shop: Office, tmp_path: Path) -> None:
    bring_in(shop, "spree_products", written(tmp_path, SPREE))
    _, refused = bring_in(shop, "spree_translations", written(tmp_path, TRANSLATIONS))
    assert refused == []
    name = next(p["name"] for p in shop.all("product", "code,name") if p["code"] == "mug")
    assert name == {"en": "Mug", "de": "Becher", "fr": "Tasse"}


def test_the_divisions_of_china_hang_below_one_another(shop: Office, tmp_path: Path) -> None:
    shop.create("region", {"code": "CN", "name": {"en": "China"}, "level": "country"})
    _, refused = bring_in(shop, "china_divisions", written(tmp_path, DIVISIONS))
    assert refused == []
    above = {
        r["code"]: (r["parent.code"], r["level"])
        for r in shop.all("region", "code,level,parent.code")
    }
    assert above["11"] == ("CN", "province")
    assert above["110101001"] == ("110101", "street")


@pytest.mark.real_files
@pytest.mark.parametrize(
    ("name", "file", "records"),
    [
        ("shopify_products", "shopify/apparel.csv", 20),
        ("shopify_products", "shopify/jewelery.csv", 20),
        ("shopify_products", "shopify/home-and-garden.csv", 20),
        ("spree_products", "spree/products.csv", 37),
        ("spree_customers", "spree/customers.csv", 20),
    ],
)
def test_a_real_file_is_taken_whole(
    shop: Office, pytestconfig: pytest.Config, name: str, file: str, records: int
) -> None:
    tallies, refused = bring_in(shop, name, pytestconfig.getoption("--data") / file)
    assert refused == []
    assert next(iter(tallies.values())).created == records


@pytest.mark.real_files
def test_the_first_invoices_of_the_real_file_add_up(
    shop: Office, pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    whole = pytestconfig.getoption("--data") / "uci_online_retail" / "online_retail.csv.gz"
    with gzip.open(whole, "rt", newline="") as lines:
        rows = list(csv.DictReader(line for _, line in zip(range(20_000), lines, strict=False)))
    rows = [row for row in rows if row["InvoiceNo"] != rows[-1]["InvoiceNo"]]
    file = tmp_path / "rows.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    _, refused = bring_in(shop, "uci_online_retail", file)
    lost = {verdict.value for verdict in refused}
    total = sum(Decimal(row["UnitPrice"]) * int(row["Quantity"]) for row in rows)
    assert refused == [], lost
    assert sum(o["total"] for o in shop.all("order", "total")) == total * 1000
