//! Finding by what is typed.
#![allow(clippy::unwrap_used, reason = "clippy excuses only the functions marked as tests")]

mod common;

use common::{everything, find, index_of, listing, text};
use proptest::prelude::*;
use search::{Embedded, ListingDocument, Query, Sort};
use tempfile::TempDir;

async fn city() -> (TempDir, Embedded) {
    let with = |number, name, brand: &str, model: &str, description: &str| ListingDocument {
        brand: brand.to_owned(),
        model: model.to_owned(),
        description: description.to_owned(),
        ..listing(number, name)
    };
    let mut printer = with(3, "激光打印机", "惠普", "P-1106", "黑白，双面打印");
    printer.serial = Some("CN-88 7/A".to_owned());
    printer.asset_number = Some("武资2019-00031".to_owned());
    index_of(vec![
        with(1, "实木会议桌", "震旦", "MT-2400", "可坐十二人，桌面完好"),
        with(2, "办公椅", "永艺", "", "网布，配会议桌使用"),
        printer,
        with(4, "便携式计算机", "联想", "ThinkPad T14", "十六吉内存"),
        with(5, "台式计算机", "联想", "M430", ""),
        with(6, "挂式空调机", "格力", "KFR-35GW", "1.5匹"),
        with(7, "LASERJET 打印机", "HP", "P1008", "备件"),
    ])
    .await
}

#[tokio::test]
async fn finds_words_in_every_field() {
    let (_directory, index) = city().await;
    for (typed, expected) in [
        ("打印机", vec![3, 7]),
        ("惠普", vec![3]),
        ("内存", vec![4]),
        ("联想 计算机", vec![4, 5]),
        ("联想计算机", vec![4, 5]),
        ("惠普打印机", vec![3]),
        ("联想 打印机", vec![]),
        ("会议室用的空调", vec![]),
    ] {
        let mut found = find(&index, text(typed)).await;
        found.sort_unstable();
        assert_eq!(found, expected, "{typed}");
    }
}

#[tokio::test]
async fn finds_substrings_by_their_characters() {
    let (_directory, index) = city().await;
    for (typed, expected) in
        [("议桌", vec![1, 2]), ("椅", vec![2]), ("携式计", vec![4]), ("木会", vec![1]), ("桌椅", vec![])]
    {
        assert_eq!(find(&index, text(typed)).await, expected, "{typed}");
    }
}

#[tokio::test]
async fn a_name_beats_a_maker_beats_a_description() {
    let with = |number, name, brand: &str, description: &str| ListingDocument {
        brand: brand.to_owned(),
        description: description.to_owned(),
        ..listing(number, name)
    };
    // The word is in nearly every name and in one description: rarity must not turn the order.
    let mut listings: Vec<_> = (10..60).map(|number| with(number, "联想台式机", "", "")).collect();
    listings.push(with(1, "台式机", "", "联想"));
    listings.push(with(2, "台式机", "联想", "普通"));
    let (_directory, index) = index_of(listings).await;
    let found = find(&index, text("联想")).await;
    assert_eq!(found.len(), 52);
    assert_eq!(found[50..], [2, 1]);
}

#[tokio::test]
async fn width_case_spaces_and_hyphens_do_not_matter() {
    let (_directory, index) = city().await;
    for typed in ["P-1106", "p1106", "Ｐ１１０６", "惠普 P1106", "惠普P-1106", "p 1106", "打印机 p-1106"]
    {
        assert_eq!(find(&index, text(typed)).await.first(), Some(&3), "{typed}");
    }
    for typed in ["thinkpad t14", "ThinkPadT14", "THINKPAD-T14", "t14"] {
        assert_eq!(find(&index, text(typed)).await, [4], "{typed}");
    }
    assert_eq!(find(&index, text("1.5匹")).await, [6]);
    assert_eq!(find(&index, text("kfr35gw")).await, [6]);
    assert_eq!(find(&index, text("laserjet")).await, [7]);
}

#[tokio::test]
async fn an_exact_code_comes_first() {
    let (_directory, index) = index_of(vec![
        ListingDocument {
            description: "配 T14 T14 T14 充电器".to_owned(), ..listing(1, "T14 电源 T14")
        },
        ListingDocument {
            model: "T14".to_owned(),
            description: "长".repeat(500),
            ..listing(2, "便携式计算机")
        },
        ListingDocument { serial: Some("T1-4".to_owned()), ..listing(3, "硬盘") },
    ])
    .await;
    let found = find(&index, text("T14")).await;
    assert_eq!(found.len(), 3);
    assert_eq!(found[2], 1, "the one that only mentions it is last: {found:?}");
    let (_directory, index) = city().await;
    assert_eq!(find(&index, text("cn887a")).await, [3]);
    assert_eq!(find(&index, text("武资 2019 00031")).await, [3]);
}

#[tokio::test]
async fn the_last_latin_word_may_be_unfinished() {
    let (_directory, index) = city().await;
    assert_eq!(find(&index, text("think")).await, [4]);
    assert_eq!(find(&index, text("联想 thi")).await, [4]);
    assert_eq!(find(&index, text("p110")).await, [3]);
    assert_eq!(find(&index, text("thi 联想")).await, [0; 0], "only the last");
}

#[tokio::test]
async fn text_without_words_finds_nothing_and_no_text_finds_all() {
    let (_directory, index) = city().await;
    assert_eq!(find(&index, text("？！ -- （）")).await, [0; 0]);
    assert_eq!(
        find(&index, text("  \u{3000} ")).await,
        [7, 6, 5, 4, 3, 2, 1],
        "blank is no text; newest first"
    );
}

#[tokio::test]
async fn hostile_text_is_only_text() {
    let (_directory, index) = city().await;
    for typed in [
        "name:*",
        "\"",
        "a AND (",
        "桌\0子",
        "𠀀𠀁",
        "\u{202e}桌",
        &"桌".repeat(200),
        &"a-".repeat(100),
        "%_'; --",
    ] {
        index.search(text(typed)).await.unwrap();
    }
    assert!(index.search(text(&"桌".repeat(201))).await.is_err());
}

#[tokio::test]
async fn orders_and_pages_without_gap_or_repeat() {
    let listings: Vec<_> = (1..=250)
        .map(|number| ListingDocument {
            value_minor: i64::try_from(number % 7).unwrap(),
            ..listing(number, "文件柜")
        })
        .collect();
    let (_directory, index) = index_of(listings.clone()).await;
    for sort in [Sort::Relevance, Sort::Newest, Sort::ValueAsc, Sort::ValueDesc] {
        let mut expected = listings.clone();
        match sort {
            Sort::Relevance => expected.sort_by_key(|listing| listing.id),
            Sort::Newest => expected.sort_by_key(|listing| std::cmp::Reverse(listing.listed_at)),
            Sort::ValueAsc => expected.sort_by_key(|listing| (listing.value_minor, listing.id)),
            Sort::ValueDesc => expected.sort_by_key(|listing| (-listing.value_minor, listing.id)),
        }
        let expected: Vec<_> = expected.iter().map(|listing| listing.id.as_u128()).collect();
        let mut found = Vec::new();
        for offset in (0..300).step_by(60) {
            // Writing between two pages moves documents about in the engine, which must not show.
            let touched = listings[offset % 250].clone();
            index.apply(vec![search::Change::Put(touched)], search::Step::Stay).await.unwrap();
            let query = Query { sort, offset, limit: 60, ..text("文件柜") };
            let hits = index.search(query).await.unwrap();
            assert_eq!(hits.total, 250);
            found.extend(common::numbers(&hits));
        }
        assert_eq!(found, expected, "{sort:?}");
    }
}

#[tokio::test]
async fn limits_are_kept() {
    let (_directory, index) = city().await;
    let total = index.search(Query { limit: 0, ..everything() }).await.unwrap();
    assert_eq!((total.ids.len(), total.total), (0, 7));
    assert!(index.search(Query { limit: 101, ..everything() }).await.is_err());
    assert!(index.search(Query { offset: 10_001, ..everything() }).await.is_err());
    assert_eq!(find(&index, Query { offset: 10_000, ..everything() }).await, [0; 0]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the dictionary makes of it: what stands in the name is found by any part of it.
    #[test]
    fn any_part_of_a_name_finds_it(
        names in prop::collection::vec(prop::collection::vec(prop::sample::select(
            "办公室会议桌椅电脑打印机文件柜子空调书架实木的和钢制双人沙发投影仪器材料复印".chars().collect::<Vec<_>>(),
        ), 1..12), 8),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 8 * 4),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let names: Vec<String> = names.into_iter().map(String::from_iter).collect();
            let (_directory, index) =
                index_of((1..).zip(&names).map(|(number, name)| listing(number, name)).collect()).await;
            for (at, (from, to)) in cuts.into_iter().enumerate() {
                let characters: Vec<char> = names[at % 8].chars().collect();
                let (from, to) = (from.index(characters.len()), to.index(characters.len()));
                let part: String = characters[from.min(to)..=from.max(to)].iter().collect();
                let found = find(&index, text(&part)).await;
                assert!(found.contains(&(at as u128 % 8 + 1)), "{part} of {} finds {found:?}", names[at % 8]);
            }
        });
    }
}
