//! A small city on a real database: everything that `verify` recomputes agrees, and a second load does nothing.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use entity::assets::asset;
use entity::audit::audit_entry;
use entity::listings::listing;
use entity::loans::{LoanState, loan};
use entity::organisation::unit;
use entity::photos::{photo, photo_blob};
use entity::requests::request_line;
use entity::savings::saving_entry;
use entity::transfers::transfer;
use sea_orm::{EntityTrait, PaginatorTrait};

use super::*;
use crate::photos::image::PhotoSize;
use crate::photos::store::rendition_key;
use crate::testing;

fn plan(listings: u64) -> Plan {
    let today = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
    Plan { units: 20, listings, pictures: 31, ..Plan::demo(7, today) }
}

async fn count<E: EntityTrait>(app: &App) -> u64
where
    E::Model: Sync,
{
    E::find().count(app.db().read()).await.unwrap()
}

async fn counts(app: &App) -> [u64; 8] {
    [
        count::<unit::Entity>(app).await,
        count::<asset::Entity>(app).await,
        count::<listing::Entity>(app).await,
        count::<request_line::Entity>(app).await,
        count::<transfer::Entity>(app).await,
        count::<saving_entry::Entity>(app).await,
        count::<photo::Entity>(app).await,
        count::<audit_entry::Entity>(app).await,
    ]
}

async fn verify(app: &App) {
    let parts = crate::verify::verify(app, &[], |_| {}).await.unwrap();
    for part in parts {
        let first = part.faults.first();
        assert_eq!(first, None, "{}: {} faults", part.name, part.faults.len());
    }
}

#[tokio::test]
async fn a_city_is_loaded_once_and_all_of_it_agrees() {
    let (app, _folder) = testing::app().await;
    let loaded = load(&app, &plan(400), &Progress::hidden()).await.unwrap();
    assert!(!loaded.before);
    let first = counts(&app).await;
    assert_eq!((first[0], first[2]), (20, 400));
    let stories: usize = loaded.city.listings().map(|listing| listing.story.lines.len()).sum();
    // Besides those of the stories, one line by which a unit keeps what it had on loan.
    assert_eq!(first[3], stories as u64 + 1);
    let lent: BTreeSet<LoanState> =
        loan::Entity::find().all(app.db().read()).await.unwrap().iter().map(|loan| loan.state).collect();
    let missing: Vec<LoanState> = LoanState::iter().filter(|state| !lent.contains(state)).collect();
    assert_eq!(missing, [], "the city lends in every state");
    assert!(first[1] > 400, "no card was split");
    assert!(first[4] > 50 && first[5] > 100, "{first:?}");
    let contras = saving_entry::Entity::find().filter(saving_entry::Column::ContraOf.is_not_null());
    assert!(contras.count(app.db().read()).await.unwrap() > 0, "nothing was taken back");
    verify(&app).await;

    // The pictures lie where they are looked for.
    let blobs = photo_blob::Entity::find().all(app.db().read()).await.unwrap();
    assert!((5..=31).contains(&blobs.len()), "{}", blobs.len());
    for blob in blobs {
        let mut sha256 = [0; 32];
        hex::decode_to_slice(&blob.sha256, &mut sha256).unwrap();
        for size in PhotoSize::ALL {
            assert!(app.photos().store.get(&rendition_key(&sha256, size)).await.is_ok());
        }
    }

    // Another plan does not matter any more.
    let again = load(&app, &plan(500), &Progress::hidden()).await.unwrap();
    assert!(again.before);
    assert_eq!(again.plan, plan(400));
    assert_eq!(counts(&app).await, first);
}

#[tokio::test]
async fn a_load_that_was_broken_off_goes_on_and_ends_as_if_it_had_not_been() {
    let plan = plan(130);
    let (whole, _folder) = testing::app().await;
    load(&whole, &plan, &Progress::hidden()).await.unwrap();

    let (app, _folder) = testing::app().await;
    {
        // Dropped at its second batch.
        let city = Arc::new(City::generate(&plan));
        let progress = Progress::hidden();
        let loading = fill(&app, &plan, city, None, &progress);
        tokio::pin!(loading);
        let stopped = async {
            loop {
                let row = demo_load::Entity::find_by_id(ROW).one(app.db().read()).await.unwrap();
                if row.is_some_and(|row| row.loaded > 0) {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
        };
        tokio::select! {
            () = stopped => {}
            outcome = &mut loading => outcome.unwrap(),
        }
    }
    assert!(is_half_loaded(app.db().read()).await.unwrap());
    let loaded = load(&app, &plan, &Progress::hidden()).await.unwrap();
    assert!(!loaded.before && !is_half_loaded(app.db().read()).await.unwrap());
    assert_eq!(counts(&app).await, counts(&whole).await);
    verify(&app).await;
}

#[tokio::test]
async fn a_database_in_use_is_left_alone() {
    let (app, _folder) = testing::app().await;
    load(&app, &plan(20), &Progress::hidden()).await.unwrap();
    demo_load::Entity::delete_many().exec(app.db().writer()).await.unwrap();
    let error = load(&app, &plan(20), &Progress::hidden()).await.unwrap_err();
    assert!(error.to_string().contains("--data-dir"), "{error}");
}
