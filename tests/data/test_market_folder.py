"""A user's own price files: the vendors' layouts, and everything that can be wrong with a file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mentionstudy.data.errors import (
    FileSchemaError,
    NoData,
    SourceError,
    SourceSchemaChanged,
    SymbolNotFound,
)
from mentionstudy.data.market import FolderSource
from mentionstudy.data.market.vendors import recognise
from mentionstudy.data.securities import parse_symbol

DAY1, DAY2 = dt.date(2022, 1, 1), dt.date(2022, 12, 31)

LAYOUTS = {
    "own": "date,open,high,low,close,volume,amount\n"
    "2022-01-04,10,10.5,9.9,10.2,1000000,10200000\n"
    "2022-01-05,10.2,10.6,10.1,10.4,2000000,20800000\n",
    "akshare": "日期,股票代码,开盘,收盘,最高,最低,成交量,成交额,振幅,涨跌幅,涨跌额,换手率\n"
    "2022-01-04,600718,10,10.2,10.5,9.9,10000,10200000.0,1,1,1,1\n"
    "2022-01-05,600718,10.2,10.4,10.6,10.1,20000,20800000.0,1,1,1,1\n",
    "tushare": "ts_code,trade_date,open,high,low,close,pre_close,change,pct_chg,vol,amount\n"
    "600718.SH,20220105,10.2,10.6,10.1,10.4,10.2,.2,2,20000,20800\n"
    "600718.SH,20220104,10,10.5,9.9,10.2,10,.2,2,10000,10200\n",
    "baostock": "date,code,open,high,low,close,preclose,volume,amount,adjustflag,turn\n"
    "2022-01-04,sh.600718,10,10.5,9.9,10.2,10,1000000,10200000,3,1\n"
    "2022-01-05,sh.600718,10.2,10.6,10.1,10.4,10.2,2000000,20800000,3,1\n",
    "wind": "代码,简称,日期,开盘价(元),最高价(元),最低价(元),收盘价(元),成交额(百万),成交量(股)\n"
    '600718.SH,东软集团,2022-01-04,10,10.5,9.9,10.2,10.2,"1,000,000"\n'
    '600718.SH,东软集团,2022-01-05,10.2,10.6,10.1,10.4,20.8,"2,000,000"\n'
    "数据来源：Wind,,,,,,,,\n",
    "wind_db": "S_INFO_WINDCODE,TRADE_DT,S_DQ_OPEN,S_DQ_HIGH,S_DQ_LOW,S_DQ_CLOSE,S_DQ_VOLUME,"
    "S_DQ_AMOUNT\n600718.SH,20220104,10,10.5,9.9,10.2,10000,10200\n"
    "600718.SH,20220105,10.2,10.6,10.1,10.4,20000,20800\n",
    "csmar": "Stkcd,Trddt,Opnprc,Hiprc,Loprc,Clsprc,Dnshrtrd,Dnvaltrd\n"
    "600718,2022-01-04,10,10.5,9.9,10.2,1000000,10200000\n"
    "600718,2022-01-05,10.2,10.6,10.1,10.4,2000000,20800000\n",
    "yahoo": "Date,Open,High,Low,Close,Adj Close,Volume\n"
    "2022-01-04 00:00:00+08:00,10,10.5,9.9,10.2,9.9,1000000\n"
    "2022-01-05 00:00:00+08:00,10.2,10.6,10.1,10.4,10.1,2000000\n",
}


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


def bars(folder: Path, symbol: str = "600718.SH", **more):
    return FolderSource(folder, **more).bars(parse_symbol(symbol), DAY1, DAY2)


@pytest.mark.parametrize("vendor", LAYOUTS)
def test_layouts_of_the_vendors_mean_the_same(tmp_path, vendor):
    write(tmp_path, "600718.SH.csv", LAYOUTS[vendor])
    frame = bars(tmp_path)
    assert frame["date"].dt.strftime("%Y%m%d").tolist() == ["20220104", "20220105"]
    assert frame["open"].tolist() == [10, 10.2]
    assert frame["high"].tolist() == [10.5, 10.6]
    assert frame["low"].tolist() == [9.9, 10.1]
    assert frame["close"].tolist() == [10.2, 10.4]
    assert frame["volume"].tolist() == [1e6, 2e6]
    if vendor != "yahoo":
        np.testing.assert_allclose(frame["amount"], [1.02e7, 2.08e7])
    assert frame.attrs.get("notes", "") == ""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings_are_recognised(tmp_path, encoding):
    write(tmp_path, "600718.SH.csv", LAYOUTS["akshare"], encoding)
    assert bars(tmp_path)["close"].tolist() == [10.2, 10.4]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_are_recognised(tmp_path, separator):
    write(tmp_path, "600718.SH.csv", LAYOUTS["own"].replace(",", separator))
    assert bars(tmp_path)["close"].tolist() == [10.2, 10.4]


def test_parquet_and_xlsx_with_the_date_in_the_index(tmp_path):
    frame = pd.DataFrame(
        {"Close": [10.2, 10.4]},
        index=pd.DatetimeIndex(["2022-01-04", "2022-01-05"], tz="Asia/Shanghai", name="Date"),
    )
    frame.to_parquet(tmp_path / "600718.SH.parquet")
    frame.reset_index().assign(Date=["2022-01-04", "2022-01-05"]).to_excel(
        tmp_path / "000750.SZ.xlsx", index=False
    )
    assert bars(tmp_path)["date"].dt.strftime("%d").tolist() == ["04", "05"]
    assert bars(tmp_path, "000750.SZ")["close"].tolist() == [10.2, 10.4]


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("600718.SH.csv", "600718.SH"),
        ("sh600718.csv", "600718.SH"),
        ("sh.600718.csv", "600718.SH"),
        ("600718_SH.csv", "600718.SH"),
        ("600718.csv", "600718.SH"),
        ("000750.csv", "000750.SZ"),
        ("00700.csv", "00700.HK"),
        ("000300.SH.csv", "000300.SH"),
        ("deeper/in/HSI.HK.csv", "HSI.HK"),
    ],
)
def test_the_file_name_says_which_security(tmp_path, name, symbol):
    write(tmp_path, name, LAYOUTS["own"])
    assert FolderSource(tmp_path).symbols == (symbol,)
    assert set(bars(tmp_path, symbol)["symbol"]) == {symbol}


def test_a_code_without_exchange_is_a_share_and_the_index_is_told_how_to_be_one(tmp_path):
    write(tmp_path, "000300.csv", LAYOUTS["own"])
    with pytest.raises(SymbolNotFound, match=r"read as 000300\.SZ: name it 000300\.SH\.csv"):
        bars(tmp_path, "000300.SH")


def test_a_long_file_of_many_symbols_and_a_wide_one(tmp_path):
    write(
        tmp_path,
        "all.csv",
        "symbol,date,close\n600718.SH,2022-01-04,10\n750,2022-01-04,4\nsh000300,2022-01-04,4900\n",
    )
    write(
        tmp_path, "closes.csv", "date,601328.SH,HSI.HK\n2022-01-04,4.6,23000\n2022-01-05,,23100\n"
    )
    source = FolderSource(tmp_path)
    assert source.symbols == ("000300.SH", "000750.SZ", "600718.SH", "601328.SH", "HSI.HK")
    assert bars(tmp_path, "601328.SH")["close"].tolist() == [4.6]
    assert bars(tmp_path, "HSI.HK")["close"].tolist() == [23000, 23100]


# --- faults: file, line, and what to do --------------------------------------------------------


def test_faulty_rows_are_named_by_line_and_left_out(tmp_path):
    write(
        tmp_path,
        "600718.SH.csv",
        "date,open,close,volume\n"
        "2022-01-05,10,10.4,5\n"  # line 2, not in order
        "2022-01-04,10,10.2,5\n"
        "2022-13-06,10,10.3,5\n"  # line 4
        "2022-01-07,10,abc,5\n"
        "2022-01-10,10,-3,5\n"
        "2022-01-11,10,0,5\n"
        "\n"
        "2022-01-12,ten,10.5,5\n"  # line 9
        "2022-01-13,10,10.6,5\n"
        "2022-01-13,10,10.6,5\n"
        "2022-01-14,10,10.7,5\n"
        "2022-01-14,10,10.8,5\n"
        "2022-01-17,10,,0\n",
    )
    frame = bars(tmp_path)
    assert frame["date"].dt.day.tolist() == [4, 5, 12, 13]
    assert np.isnan(frame["open"].iloc[2])
    notes = frame.attrs["notes"]
    for words in (
        "600718.SH.csv line 4: '2022-13-06' is not a date",
        "600718.SH.csv line 5: the close 'abc' is not a price",
        "line 6: the close '-3' is not a price",
        "line 9: the open 'ten' is not a number",
    ):
        assert words in notes
    assert "and 1 more" in notes


def test_what_was_left_out_reaches_the_fetch_report(tmp_path):
    from mentionstudy.data import Workspace
    from mentionstudy.data.market import fetch, plan_symbols

    text = "date,close\n2022-01-04,10\n2022-01-05,abc\n2022-01-08,11\n"
    write(tmp_path / "p", "600718.SH.csv", text)
    workspace = Workspace.open(tmp_path / "w", create=True)
    plan = plan_symbols(["600718.SH"], "2022-01-01", "2022-01-31")
    report = fetch(workspace, plan, FolderSource(tmp_path / "p"))
    assert "line 3: the close 'abc'" in report.notes[0].text
    assert "1 bars on days without trading, such as 2022-01-08" in report.notes[0].text
    assert [(m.kind, m.outcome) for m in report.missing] == [("factors", "empty")]
    assert "no factors.csv" in report.missing[0].reason


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("date,close\n", "no rows"),
        ("when,close\n2022-01-04,10\n", "no column is a date"),
        ("date,price\n2022-01-04,10\n", "no column is a close"),
        ("\x00\x01\x02", "no text file"),
    ],
)
def test_unusable_files_are_named_and_the_others_are_read(tmp_path, text, words):
    bad = write(tmp_path, "broken.csv", text)
    write(tmp_path, "600718.SH.csv", LAYOUTS["own"])
    source = FolderSource(tmp_path)
    assert source.symbols == ("600718.SH",)
    assert words in source.failures[bad]
    assert str(bad) in source.failures[bad]


def test_an_unusable_file_of_the_symbol_itself_is_the_reason(tmp_path):
    write(tmp_path, "600718.SH.csv", "date,price\n2022-01-04,10\n")
    with pytest.raises(SourceSchemaChanged, match="no column is a close"):
        bars(tmp_path)


def test_a_file_without_any_usable_row_says_so(tmp_path):
    write(tmp_path, "600718.SH.csv", "date,close\n2022-01-04,x\n")
    with pytest.raises(NoData, match=r"no usable row: .* line 2"):
        bars(tmp_path)


def test_two_files_that_contradict_each_other(tmp_path):
    write(tmp_path, "600718.SH.csv", LAYOUTS["own"])
    write(tmp_path, "old/600718.SH.csv", LAYOUTS["own"].replace("10.2,1000000", "9.1,1000000"))
    with pytest.raises(SourceSchemaChanged, match="different bars of 2022-01-04; keep one"):
        bars(tmp_path)


def test_no_folder_and_no_file(tmp_path):
    with pytest.raises(FileSchemaError, match="no such folder"):
        FolderSource(tmp_path / "nowhere")
    with pytest.raises(FileSchemaError, match="no price file"):
        FolderSource(tmp_path)


def test_a_range_without_bars_names_the_range_that_is_there(tmp_path):
    write(tmp_path, "600718.SH.csv", LAYOUTS["own"])
    with pytest.raises(NoData, match="from 2022-01-04 to 2022-01-05 only"):
        FolderSource(tmp_path).bars(
            parse_symbol("600718.SH"), dt.date(2019, 1, 1), dt.date(2019, 2, 1)
        )


# --- adjustment is never guessed ----------------------------------------------------------------


def factors(folder: Path, symbol: str = "600718.SH", **more):
    frame = FolderSource(folder, **more).factors(parse_symbol(symbol))
    days = frame["ex_date"].dt.strftime("%Y-%m-%d")
    return dict(zip(days, frame["factor"], strict=True))


def test_raw_prices_without_factors_say_what_that_means(tmp_path):
    write(tmp_path, "600718.SH.csv", LAYOUTS["own"])
    with pytest.raises(NoData, match="returns on ex-dates will be those of the raw prices"):
        factors(tmp_path)
    assert factors(tmp_path, adjusted="adjusted") == {"1900-01-01": 1.0}


def test_factors_csv_is_used(tmp_path):
    write(tmp_path, "600718.SH.csv", LAYOUTS["own"])
    write(tmp_path, "factors.csv", "symbol,ex_date,factor\n600718.SH,2022-01-05,1.5\n")
    assert factors(tmp_path) == {"2022-01-05": 1.5}
    with pytest.raises(FileSchemaError, match="would count twice"):
        FolderSource(tmp_path, adjusted="adjusted")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("symbol,factor\n600718.SH,1\n", "no column ex_date"),
        ("symbol,ex_date,factor\n600718.SH,2022-01-05,0\n", "line 2: '0' is not a usable factor"),
        ("symbol,ex_date,factor\n600718.SH,soon,1\n", "line 2: 'soon' is not a usable ex_date"),
        ("symbol,ex_date,factor\nXX,2022-01-05,1\n", "line 2: 'XX' is not a usable symbol"),
        (
            "symbol,ex_date,factor\n600718.SH,2022-01-05,1\n600718.SH,2022-01-05,2\n",
            "line 3: a second factor",
        ),
    ],
)
def test_faulty_factors_are_named_by_line(tmp_path, text, words):
    write(tmp_path, "600718.SH.csv", LAYOUTS["own"])
    write(tmp_path, "factors.csv", text)
    with pytest.raises(FileSchemaError, match=words):
        factors(tmp_path)


def test_an_adjusted_close_beside_the_close_gives_the_factors(tmp_path):
    close = [10.0, 10.2, 9.7, 9.8]
    factor = [0.97, 0.97, 1.0, 1.0]  # a dividend before the third day, adjusted backwards
    rows = [
        f"2022-01-{day:02d},{c},{c * f:.6f}"
        for day, c, f in zip((4, 5, 6, 7), close, factor, strict=True)
    ]
    write(tmp_path, "600718.SH.csv", "Date,Close,Adj Close\n" + "\n".join(rows))
    found = factors(tmp_path)
    assert list(found) == ["1900-01-01", "2022-01-06"]
    assert found["2022-01-06"] == pytest.approx(1 / 0.97, rel=1e-5)


def test_an_adjusted_close_in_cents_does_not_make_an_ex_date_of_every_day(tmp_path):
    rng = np.random.default_rng(1)
    close = 5 + np.round(rng.normal(0, 0.1, 200).cumsum().clip(-2, 9), 2)
    days = pd.bdate_range("2022-01-04", periods=200)
    factor = np.where(days < "2022-06-01", 0.95, 1.0)
    frame = pd.DataFrame({"date": days, "close": close, "adj_close": np.round(close * factor, 2)})
    frame.to_csv(tmp_path / "600718.SH.csv", index=False)
    found = factors(tmp_path)
    assert list(found) == ["1900-01-01", "2022-06-01"]
    assert found["2022-06-01"] == pytest.approx(1 / 0.95, rel=0.003)


def test_a_daily_factor_column_gives_the_factors(tmp_path):
    write(
        tmp_path,
        "600718.SH.csv",
        "ts_code,trade_date,close,vol,adj_factor\n600718.SH,20220104,10,1,8.5\n"
        "600718.SH,20220105,9,1,9.35\n600718.SH,20220106,9,1,9.35\n",
    )
    assert factors(tmp_path) == pytest.approx({"1900-01-01": 1.0, "2022-01-05": 1.1})


def test_adjusted_prices_of_baostock_are_refused_unless_said_to_be(tmp_path):
    write(tmp_path, "600718.SH.csv", LAYOUTS["baostock"].replace(",3,1", ",2,1"))
    with pytest.raises(SourceSchemaChanged, match="adjustflag says that the prices are adjusted"):
        bars(tmp_path)
    assert len(bars(tmp_path, adjusted="adjusted")) == 2


def test_an_index_needs_no_factors(tmp_path):
    write(tmp_path, "000300.SH.csv", LAYOUTS["own"])
    assert factors(tmp_path, "000300.SH") == {"1900-01-01": 1.0}


def bars_or_reason(folder: Path) -> tuple[pd.DataFrame, str]:
    try:
        return bars(folder), ""
    except SourceError as error:
        return pd.DataFrame(), str(error)


# --- anything at all ----------------------------------------------------------------------------


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(str.encode)))
def test_any_content_is_read_or_refused_in_words(tmp_path, content):
    (tmp_path / "600718.SH.csv").write_bytes(content)
    frame, reason = bars_or_reason(tmp_path)
    assert reason or (frame["close"] > 0).all()


CELL = st.one_of(
    st.sampled_from(["2022-01-04", "20220105", "2022/1/6", "", "-", "10.5", "1,000", "-1", "abc"]),
    st.text(alphabet="0123456789-/. ,年月日", max_size=10),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(CELL, CELL, CELL), max_size=12))
@example(rows=[("", "", "-")])  # nothing but blanks leaves a column without a type
def test_any_cells_give_sorted_unique_positive_bars_or_a_reason(tmp_path, rows):
    frame = pd.DataFrame(rows, columns=["date", "close", "volume"])
    frame.to_csv(tmp_path / "600718.SH.csv", index=False)
    out, reason = bars_or_reason(tmp_path)
    if not reason:
        assert out["date"].is_monotonic_increasing
        assert out["date"].is_unique
        assert (out["close"] > 0).all()


@given(st.lists(st.text(max_size=12), max_size=10))
def test_recognising_never_fails_and_never_invents(names):
    found = recognise(names)
    assert set(found.fields.values()) <= set(names)
