//! Versions, cursor, crash, rebuild, damage.
#![allow(clippy::unwrap_used, reason = "clippy excuses only the functions marked as tests")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use common::{empty, everything, find, id, listing, open, place, text, to};
use search::{
    Change, Cursor, Embedded, Error, ListingDocument, Options, Query, RebuildReason, SearchIndex, Step,
};
use tempfile::TempDir;

fn put(number: u128, version: i64, name: &str) -> Change {
    Change::Put(ListingDocument { version, ..listing(number, name) })
}

fn removed(number: u128, version: i64) -> Change {
    Change::Remove { id: id(number), version }
}

async fn versions(index: &Embedded) -> Vec<(u128, i64)> {
    let all = index.versions(None, 1_000).await.unwrap();
    all.into_iter().map(|one| (one.id.as_u128(), one.version)).collect()
}

/// An index that was built to the end, of one listing, at cursor 10.
async fn built() -> (TempDir, Embedded) {
    let (directory, index) = empty().await;
    let rebuild = index.begin_rebuild().await.unwrap();
    rebuild.add(vec![listing(1, "书柜")]).await.unwrap();
    rebuild.finish(place(10)).await.unwrap();
    (directory, index)
}

#[tokio::test]
async fn newer_is_never_overwritten_by_older() {
    let (_directory, index) = empty().await;
    index.apply(vec![put(1, 5, "五")], to(1)).await.unwrap();
    index.apply(vec![put(1, 4, "四")], to(2)).await.unwrap();
    index.apply(vec![removed(1, 3)], to(3)).await.unwrap();
    assert_eq!(versions(&index).await, [(1, 5)]);
    assert_eq!(find(&index, text("四")).await, [0; 0]);
    index.apply(vec![put(1, 5, "伍")], to(4)).await.unwrap();
    assert_eq!(find(&index, text("伍")).await, [1], "an equal version replaces");
    assert_eq!(find(&index, text("五")).await, [0; 0]);
    index.apply(vec![put(1, 6, "六")], to(5)).await.unwrap();
    assert_eq!(index.search(text("六")).await.unwrap().ids, [(id(1), 6)]);
    assert_eq!(index.search(everything()).await.unwrap().total, 1, "one document a listing");
    assert_eq!(index.cursor(), place(5));
}

#[tokio::test]
async fn the_newest_of_a_batch_wins() {
    let (_directory, index) = empty().await;
    let batch = vec![
        put(1, 2, "二"),
        put(1, 3, "三"),
        put(1, 1, "一"),
        put(2, 1, "一"),
        removed(2, 2),
        removed(3, 1),
        put(3, 2, "二"),
    ];
    index.apply(batch, to(1)).await.unwrap();
    assert_eq!(versions(&index).await, [(1, 3), (3, 2)]);
}

#[tokio::test]
async fn what_was_removed_does_not_come_back_by_a_late_event() {
    let (directory, index) = built().await;
    index.apply(vec![removed(1, 7)], to(11)).await.unwrap();
    assert_eq!(index.search(everything()).await.unwrap().total, 0);
    assert_eq!(index.stats().await.unwrap().documents, 0);
    drop(index);
    let index = open(&directory).await.index;
    index.apply(vec![put(1, 7, "书柜")], to(12)).await.unwrap();
    assert_eq!(versions(&index).await, []);
    index.apply(vec![put(1, 8, "书柜")], to(13)).await.unwrap();
    assert_eq!(versions(&index).await, [(1, 8)]);
}

#[tokio::test]
async fn documents_and_cursor_last_together() {
    let (directory, index) = built().await;
    assert_eq!(index.cursor(), place(10));
    index.apply(vec![put(2, 1, "书架")], to(12)).await.unwrap();
    index.apply(Vec::new(), to(15)).await.unwrap();
    index.apply(vec![put(3, 1, "书桌")], Step::Stay).await.unwrap();
    assert_eq!(index.cursor(), place(15), "a mended listing does not move it");
    drop(index);
    let opened = open(&directory).await;
    assert_eq!(opened.rebuild, None);
    assert_eq!(opened.index.cursor(), place(15));
    assert_eq!(versions(&opened.index).await, [(1, 1), (2, 1), (3, 1)]);
    let stats = SearchIndex::from(opened.index).stats().await.unwrap();
    assert_eq!((stats.documents, stats.cursor), (3, place(15)));
    assert!(stats.bytes > 0);
}

#[tokio::test]
async fn a_crash_before_the_commit_leaves_the_state_of_the_last() {
    let (directory, index) = built().await;
    index.apply(vec![put(2, 1, "书架")], to(11)).await.unwrap();
    // The disk as a crash in the midst of a batch finds it: files of segments that no commit names.
    let live = current(&directory);
    for lost in ["0123456789abcdef0123456789abcdef.idx", "0123456789abcdef0123456789abcdef.term", ".tmpmeta"]
    {
        std::fs::write(live.join(lost), b"half of a segment").unwrap();
    }
    std::fs::write(directory.path().join("CURRENT.new"), b"{\"for").unwrap();
    // The process is gone, its locks with it, its files as they are.
    let copy = tempfile::tempdir().unwrap();
    copy_tree(directory.path(), copy.path());
    let opened = open(&copy).await;
    assert_eq!(opened.rebuild, None);
    assert_eq!(opened.index.cursor(), place(11));
    assert_eq!(versions(&opened.index).await, [(1, 1), (2, 1)]);
    opened.index.apply(vec![put(3, 1, "书桌")], to(12)).await.unwrap();
    assert_eq!(find(&opened.index, text("书桌")).await, [3]);
}

#[tokio::test]
async fn a_dropped_call_is_done_or_not_and_never_half() {
    let (_directory, index) = built().await;
    for round in 0..20_u128 {
        let batch = (0..20).map(|at| put(1_000 + round * 20 + at, 1, "台灯")).collect();
        let call = index.apply(batch, to(100 + i64::try_from(round).unwrap()));
        let _ = tokio::time::timeout(
            std::time::Duration::from_micros(1 + 137 * u64::try_from(round).unwrap()),
            call,
        )
        .await;
        let total = index.search(text("台灯")).await.unwrap().total;
        assert_eq!(total % 20, 0);
    }
}

#[tokio::test]
async fn an_index_has_one_owner() {
    let (directory, index) = built().await;
    let again = Embedded::open(directory.path(), Options::default()).await;
    let error = again.err().unwrap();
    assert!(matches!(error, Error::Locked { .. }), "{error}");
    assert!(error.to_string().contains("in use by another process"), "{error}");
    drop(index);
    assert!(!open(&directory).await.needs_rebuild());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn searching_goes_on_while_rebuilding() {
    let (directory, index) = empty().await;
    index.apply((1..=200).map(|number| put(number, 1, "档案柜")).collect(), to(50)).await.unwrap();
    let (stop, searches) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let searcher = tokio::spawn({
        let (index, stop, searches) = (index.clone(), Arc::clone(&stop), Arc::clone(&searches));
        async move {
            while !stop.load(Ordering::Relaxed) {
                assert_eq!(index.search(text("档案柜")).await.unwrap().total, 200);
                searches.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    for round in 0..5_i64 {
        let before = searches.load(Ordering::Relaxed);
        let rebuild = index.begin_rebuild().await.unwrap();
        assert!(matches!(index.begin_rebuild().await.err(), Some(Error::RebuildRunning)));
        for batch in (1..=200_u128).collect::<Vec<_>>().chunks(30) {
            rebuild.add(batch.iter().map(|number| listing(*number, "档案柜")).collect()).await.unwrap();
        }
        // Changed on the live index while the new one is being built of what was read before.
        index
            .apply(vec![put(7, 100 + round, "档案柜"), put(8, 100 + round, "档案柜")], to(60 + round))
            .await
            .unwrap();
        rebuild.finish(place(55)).await.unwrap();
        assert_eq!(index.cursor(), place(60 + round));
        let all = versions(&index).await;
        assert_eq!((all.len(), all[6], all[7], all[8]), (200, (7, 100 + round), (8, 100 + round), (9, 1)));
        while searches.load(Ordering::Relaxed) < before + 3 {
            tokio::task::yield_now().await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    searcher.await.unwrap();
    assert_eq!(directories(&directory), 1, "the old ones are gone");
    index.apply(vec![removed(7, 1_000)], to(99)).await.unwrap();
    drop(index);
    let opened = open(&directory).await;
    assert_eq!((opened.rebuild, opened.index.cursor()), (None, place(99)));
    assert_eq!(opened.index.search(everything()).await.unwrap().total, 199);
}

#[tokio::test]
async fn what_is_removed_during_a_rebuild_stays_removed() {
    let (_directory, index) = built().await;
    let rebuild = index.begin_rebuild().await.unwrap();
    rebuild.add(vec![listing(1, "书柜"), listing(2, "书架")]).await.unwrap();
    index.apply(vec![removed(2, 1)], to(12)).await.unwrap();
    rebuild.finish(place(11)).await.unwrap();
    assert_eq!(versions(&index).await, [(1, 1)]);
    assert_eq!(index.cursor(), place(12));
}

#[tokio::test]
async fn a_rebuild_may_set_the_cursor_back_to_a_restored_log() {
    let (_directory, index) = built().await;
    index.apply(Vec::new(), to(1_000)).await.unwrap();
    let rebuild = index.begin_rebuild().await.unwrap();
    rebuild.finish(place(20)).await.unwrap();
    assert_eq!(index.cursor(), place(20));
}

#[tokio::test]
async fn a_rebuild_goes_on_where_the_follower_stands() {
    let (_directory, index) = built().await;
    let rebuild = index.begin_rebuild().await.unwrap();
    // The numbers of a log do not rise with it: the place counts, not the number.
    index.apply(vec![put(2, 1, "书架")], to(12)).await.unwrap();
    index.apply(vec![put(3, 1, "书桌")], to(11)).await.unwrap();
    index.apply(vec![put(4, 1, "书橱")], Step::Stay).await.unwrap();
    rebuild.finish(place(20)).await.unwrap();
    assert_eq!(index.cursor(), place(11));
    assert_eq!(versions(&index).await, [(2, 1), (3, 1), (4, 1)]);
}

#[tokio::test]
async fn an_index_that_became_unfit_says_so_until_a_later_rebuild_is_done() {
    let (directory, index) = built().await;
    assert!(!index.needs_rebuild());
    index.apply(vec![put(2, 1, "书架")], Step::Outdated(place(11))).await.unwrap();
    index.apply(Vec::new(), to(12)).await.unwrap();
    assert!(index.needs_rebuild(), "going on does not make it fit");
    drop(index);
    let opened = open(&directory).await;
    assert_eq!(opened.rebuild, Some(RebuildReason::Unfinished), "nor does a new start");
    let index = opened.index;
    assert_eq!(versions(&index).await, [(1, 1), (2, 1)], "it answers meanwhile");

    let rebuild = index.begin_rebuild().await.unwrap();
    index.apply(Vec::new(), Step::Outdated(place(13))).await.unwrap();
    index.apply(Vec::new(), to(14)).await.unwrap();
    rebuild.finish(place(12)).await.unwrap();
    assert!(index.needs_rebuild(), "it was asked for after that rebuild had begun");
    index.begin_rebuild().await.unwrap().finish(place(14)).await.unwrap();
    assert!(!index.needs_rebuild());
}

#[tokio::test]
async fn an_index_of_another_log_begins_anew() {
    let (directory, index) = built().await;
    let rebuild = index.begin_rebuild().await.unwrap();
    assert!(matches!(index.reset(place(5)).await.err(), Some(Error::RebuildRunning)));
    drop(rebuild);
    index.reset(place(5)).await.unwrap();
    assert_eq!((versions(&index).await, index.cursor(), index.needs_rebuild()), (Vec::new(), place(5), true));
    index.apply(vec![put(9, 1, "书橱")], to(6)).await.unwrap();
    drop(index);
    let opened = open(&directory).await;
    assert_eq!((versions(&opened.index).await, opened.index.cursor()), (vec![(9, 1)], place(6)));
    assert_eq!(directories(&directory), 1);
}

#[tokio::test]
async fn what_is_indexed_tells_whether_a_document_says_the_same() {
    let (_directory, index) = built().await;
    let indexed = index.versions(None, 10).await.unwrap()[0];
    let row = listing(1, "书柜");
    assert!(row.is(&indexed));
    for other in [
        ListingDocument { version: 2, ..row.clone() },
        ListingDocument { available: 7, ..row.clone() },
        ListingDocument { regions: vec![id(601)], ..row.clone() },
        ListingDocument { category_path: Vec::new(), ..row },
    ] {
        assert!(!other.is(&indexed), "{other:?}");
    }
}

#[tokio::test]
async fn a_rebuild_that_is_given_up_leaves_nothing() {
    let (directory, index) = built().await;
    let rebuild = index.begin_rebuild().await.unwrap();
    rebuild.add(vec![listing(3, "屏风")]).await.unwrap();
    let error = rebuild.add(vec![listing(4, "屏风"), listing(4, "屏风")]).await.err().unwrap();
    assert!(matches!(error, Error::Invalid { field: "id", .. }), "{error}");
    drop(rebuild);
    assert_eq!(directories(&directory), 1);
    assert_eq!(versions(&index).await, [(1, 1)]);
    drop(index.begin_rebuild().await.unwrap());
    // A crash leaves its directory; the next start does not.
    drop(index);
    copy_tree(&current(&directory), &directory.path().join("index-77"));
    let opened = open(&directory).await;
    assert!(!opened.needs_rebuild());
    assert_eq!(directories(&directory), 1);
}

#[tokio::test]
async fn versions_come_in_pages_in_order_of_id() {
    let (_directory, index) = empty().await;
    // In several segments, out of order, with some replaced and some removed.
    for batch in 0..6_u128 {
        let changes = (0..50)
            .map(|at| put(1 + (at * 7 + batch) % 300, i64::try_from(batch).unwrap() + 1, "柜"))
            .collect();
        index.apply(changes, to(i64::try_from(batch).unwrap() + 1)).await.unwrap();
    }
    index.apply(vec![removed(1, 100), removed(2, 100)], to(50)).await.unwrap();
    let all = versions(&index).await;
    assert!(all.windows(2).all(|pair| pair[0].0 < pair[1].0));
    assert_eq!(all.len() as u64, index.stats().await.unwrap().documents);
    let (mut paged, mut after) = (Vec::new(), None);
    loop {
        let page = index.versions(after, 7).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        paged.extend(page.into_iter().map(|one| (one.id.as_u128(), one.version)));
    }
    assert_eq!(paged, all);
}

#[tokio::test]
async fn a_missing_or_unfinished_index_is_reported_until_it_is_rebuilt() {
    let directory = tempfile::tempdir().unwrap();
    let opened = open(&directory).await;
    assert_eq!(opened.rebuild, Some(RebuildReason::Missing));
    opened.index.apply(vec![put(1, 1, "书柜")], to(5)).await.unwrap();
    drop(opened);
    let opened = open(&directory).await;
    assert_eq!(opened.rebuild, Some(RebuildReason::Unfinished));
    assert_eq!(opened.index.cursor(), place(5));
    let rebuild = opened.index.begin_rebuild().await.unwrap();
    rebuild.finish(place(5)).await.unwrap();
    drop(opened);
    assert_eq!(open(&directory).await.rebuild, None);
}

#[tokio::test]
async fn every_damage_is_found_at_the_start_and_mended_by_a_rebuild() {
    type Harm = fn(&std::path::Path, &std::path::Path);
    let harms: [(&str, Harm); 8] = [
        ("pointer", |root, _| std::fs::write(root.join("CURRENT"), "{").unwrap()),
        ("pointer out of the directory", |root, _| {
            std::fs::write(root.join("CURRENT"), r#"{"format":2,"directory":"../elsewhere"}"#).unwrap();
        }),
        ("other format", |root, _| {
            std::fs::write(root.join("CURRENT"), r#"{"format":0,"directory":"index-2"}"#).unwrap();
        }),
        ("directory", |_, live| std::fs::remove_dir_all(live).unwrap()),
        ("meta", |_, live| std::fs::write(live.join("meta.json"), "{}").unwrap()),
        ("no meta", |_, live| std::fs::remove_file(live.join("meta.json")).unwrap()),
        ("cut file", |_, live| each(live, |bytes| bytes.truncate(bytes.len() / 2))),
        ("flipped bits", |_, live| {
            each(live, |bytes| bytes.iter_mut().take(8).for_each(|byte| *byte ^= 0x55))
        }),
    ];
    for (name, harm) in harms {
        let (directory, index) = built().await;
        drop(index);
        harm(directory.path(), &current(&directory));
        let opened = open(&directory).await;
        match (&opened.rebuild, name) {
            (Some(RebuildReason::Outdated), "other format") => {}
            (Some(RebuildReason::Damaged(_)), _) if name != "other format" => {}
            (other, _) => panic!("{name}: {other:?}"),
        }
        assert_eq!(opened.index.cursor(), Cursor::default(), "{name}");
        assert_eq!(opened.index.search(everything()).await.unwrap().total, 0, "{name}");
        let rebuild = opened.index.begin_rebuild().await.unwrap();
        rebuild.add(vec![listing(1, "书柜")]).await.unwrap();
        rebuild.finish(place(9)).await.unwrap();
        drop(opened);
        let opened = open(&directory).await;
        assert_eq!((opened.rebuild, opened.index.cursor()), (None, place(9)), "{name}");
        assert_eq!(find(&opened.index, Query { limit: 1, ..text("书柜") }).await, [1], "{name}");
    }
}

fn current(directory: &TempDir) -> std::path::PathBuf {
    let text = std::fs::read_to_string(directory.path().join("CURRENT")).unwrap();
    let name = text.split('"').find(|part| part.starts_with("index-")).unwrap().to_owned();
    directory.path().join(name)
}

fn directories(directory: &TempDir) -> usize {
    let entries = std::fs::read_dir(directory.path()).unwrap();
    entries.filter(|entry| entry.as_ref().unwrap().path().is_dir()).count()
}

/// Harms every file of postings and terms.
fn each(live: &std::path::Path, harm: impl Fn(&mut Vec<u8>)) {
    let mut harmed = 0;
    for entry in std::fs::read_dir(live).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "idx" || extension == "term") {
            let mut bytes = std::fs::read(&path).unwrap();
            harm(&mut bytes);
            std::fs::remove_file(&path).unwrap();
            std::fs::write(&path, bytes).unwrap();
            harmed += 1;
        }
    }
    assert!(harmed > 0);
}

fn copy_tree(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
