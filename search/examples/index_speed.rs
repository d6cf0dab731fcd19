//! What the embedded index costs: documents a second, size, memory of the dictionary, time of a search.
//!
//! `cargo run --release -p search --example index_speed -- 100000`
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement prints, and stops at the first fault"
)]

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta};
use search::{
    Change, Cursor, Embedded, Filters, ListingDocument, Options, Query, Rights, Sort, Step, Warehouses,
};
use uuid::Uuid;

const THINGS: [(&str, &str); 8] = [
    ("办公椅", "人体工学网布，扶手可升降，使用痕迹轻微，适合科室办公使用"),
    ("实木会议桌", "可坐十二人，桌面有轻微划痕，附带线槽，需自行安排运输"),
    ("激光打印机", "黑白双面打印，带网络接口，硒鼓余量约一半，功能正常"),
    ("便携式计算机", "十六吉内存，固态硬盘已按规定清除，电池健康度良好"),
    ("台式计算机", "酷睿处理器，含显示器、键盘和鼠标，硬盘已拆除销毁"),
    ("挂式空调机", "冷暖变频，拆机移机费用由接收单位承担，遥控器齐全"),
    ("五门文件柜", "钢制，钥匙齐全，柜体完好，存放于三楼仓库，可随时提取"),
    ("投影仪", "高亮度，灯泡使用约八百小时，含吊架和高清线缆"),
];
const BRANDS: [&str; 7] = ["震旦", "联想", "惠普", "格力", "永艺", "戴尔", "华为"];

fn listing(number: usize) -> ListingDocument {
    let (thing, description) = THINGS[number % THINGS.len()];
    let id = |from: usize, at: usize| Uuid::from_u128((from + at) as u128);
    ListingDocument {
        id: Uuid::from_u128(number as u128 + 1),
        version: 1,
        name: format!("{}{thing}", BRANDS[number / 3 % BRANDS.len()]),
        brand: BRANDS[number / 3 % BRANDS.len()].to_owned(),
        model: format!("MT-{}", number % 4_999),
        description: format!("{description}，第{}批次，购于{}年。", number % 97, 2010 + number % 14),
        serial: Some(format!("SN{number:09}")),
        asset_number: Some(format!("TY2019-{number:08}")),
        category_path: vec![id(9_000, 0), id(9_001, number % 8)],
        kind: "GENERAL".to_owned(),
        custody: if number.is_multiple_of(4) { "PHYSICAL" } else { "VIRTUAL" }.to_owned(),
        condition: ["NEW", "GOOD", "WORN"][number % 3].to_owned(),
        state: if number.is_multiple_of(5) { "DRAFT" } else { "LISTED" }.to_owned(),
        available: (number % 3) as i64,
        unit: id(5_000, number % 461),
        warehouse: None,
        regions: vec![id(6_000, 0), id(6_001, number % 13)],
        value_minor: (number as i64 * 7_919) % 5_000_000,
        listed_at: DateTime::UNIX_EPOCH + TimeDelta::minutes(number as i64),
        restricted: number.is_multiple_of(50),
        audience: Vec::new(),
    }
}

/// Memory of this process that no file stands behind, in MB.
fn anonymous() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) / 1_000.0
}

/// Time on a processor that this process had: what counts on a machine that others use too.
fn worked() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(11).take(2);
    Duration::from_millis(ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10)
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let count: usize = std::env::args().nth(1).map_or(100_000, |count| count.parse().unwrap());
    let directory = tempfile::tempdir().unwrap();
    let index = Embedded::open(directory.path(), Options::default()).await.unwrap().index;
    println!("opened, empty: RssAnon {:.1} MB", anonymous());

    let query =
        Query {
            text: Some("会议桌".to_owned()), rights: Rights::Everything, limit: 20, ..Query::default()
        };
    let before = (anonymous(), Instant::now());
    index.search(query.clone()).await.unwrap();
    println!(
        "the dictionary: {:.1} MB, loaded by the first Han text in {:.0?}",
        anonymous() - before.0,
        before.1.elapsed()
    );

    let (started, before) = (Instant::now(), worked());
    let rebuild = index.begin_rebuild().await.unwrap();
    let mut most: f64 = 0.0;
    for start in (0..count).step_by(2_000) {
        rebuild.add((start..(start + 2_000).min(count)).map(listing).collect()).await.unwrap();
        most = most.max(anonymous());
    }
    rebuild.finish(Cursor::default()).await.unwrap();
    let took = started.elapsed();
    let stats = index.stats().await.unwrap();
    println!(
        "rebuild: {count} in {took:.1?} ({:.1?} of work), {:.0}/s, {:.1} MB on disk, RssAnon at most {most:.0} MB, then {:.0} MB",
        worked() - before,
        count as f64 / took.as_secs_f64(),
        stats.bytes as f64 / 1e6,
        anonymous()
    );

    let (started, before) = (Instant::now(), worked());
    for round in 0..100_usize {
        let mut changed = listing(round * 37 % count);
        changed.version = 2 + round as i64;
        index.apply(vec![Change::Put(changed)], Step::Stay).await.unwrap();
    }
    println!(
        "apply of one: {:.2?} each ({:.2?} of work), RssAnon {:.0} MB",
        started.elapsed() / 100,
        (worked() - before) / 100,
        anonymous()
    );
    let started = Instant::now();
    for round in 0..10_usize {
        let changes = (0..500)
            .map(|at| Change::Put(ListingDocument { version: 500, ..listing((round * 500 + at) % count) }));
        index.apply(changes.collect(), Step::Stay).await.unwrap();
    }
    println!("apply of 500: {:.1?} each, RssAnon {:.0} MB", started.elapsed() / 10, anonymous());

    let of = |listed| Rights::Of {
        units: vec![Uuid::from_u128(5_007)],
        audiences: Vec::new(),
        warehouses: Warehouses::default(),
        listed,
    };
    let one_region =
        Filters { regions: vec![Uuid::from_u128(6_004)], available_only: true, ..Filters::default() };
    let text =
        |text: &str| Query { text: Some(text.to_owned()), rights: of(true), limit: 20, ..Query::default() };
    for (name, query) in [
        ("browse, newest", Query { sort: Sort::Newest, ..Query { text: None, ..text("") } }),
        ("browse, filtered", Query { text: None, filters: one_region.clone(), ..text("") }),
        ("one word", text("会议桌")),
        ("two words", text("联想 计算机")),
        ("substring", text("议桌")),
        ("one character", text("椅")),
        ("a code", text("SN000000777")),
        ("a prefix", text("mt-12")),
        ("word, filtered", Query { filters: one_region, ..text("会议桌") }),
    ] {
        let mut times: Vec<Duration> = Vec::new();
        let mut total = 0;
        for _ in 0..100 {
            let started = Instant::now();
            total = index.search(query.clone()).await.unwrap().total;
            times.push(started.elapsed());
        }
        times.sort_unstable();
        println!("{name:<18} {total:>8} hits   p50 {:>8.2?}   p99 {:>8.2?}", times[50], times[98]);
    }
    println!("after searching: RssAnon {:.0} MB", anonymous());
    drop(index);
    let started = Instant::now();
    let opened = Embedded::open(directory.path(), Options::default()).await.unwrap();
    println!("open again: {:.1?}, needs rebuild: {}", started.elapsed(), opened.needs_rebuild());
}
