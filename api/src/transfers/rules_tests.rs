use chrono::TimeDelta;
use entity::listings::Custody;
use entity::transfers::{TransferState, transfer::Model as Transfer};
use proptest::prelude::*;
use uuid::Uuid;

use super::rules::{self, BookingSide, Receipt, Rest, Reverser, Term};
use crate::fault::{Code, Rejection};
use crate::requests::rules::is_settled;
use crate::testing::start;

fn transfer(quantity: i64) -> Transfer {
    Transfer {
        id: Uuid::from_u128(1),
        number: "DB-2026-000001".into(),
        line_id: Uuid::from_u128(2),
        listing_id: Uuid::from_u128(3),
        asset_id: Uuid::from_u128(4),
        giver_id: Uuid::from_u128(5),
        receiver_id: Uuid::from_u128(6),
        warehouse_id: None,
        custody: Custody::Virtual,
        state: TransferState::InTransit,
        quantity,
        received: 0,
        refused: 0,
        lost: 0,
        approval_number: Some("武机管〔2026〕1号".into()),
        note: String::new(),
        released_by: Uuid::from_u128(7),
        released_at: start(),
        received_by: None,
        received_at: None,
        deemed: false,
        paper_number: None,
        evidence: None,
        booked_out: None,
        booked_in: None,
        reversed_at: None,
        reversal_reason: None,
        version: 1,
    }
}

fn receipt(received: i64, refused: i64, lost: i64) -> Receipt<'static> {
    Receipt {
        received,
        refused,
        lost,
        asset_number: Some("ZC-1"),
        place: Some("302 室"),
        evidence: Some("破损"),
        deemed: false,
        paper_number: None,
    }
}

fn codes(transfer: &Transfer, receipt: &Receipt<'_>, over: bool) -> Vec<(Code, String)> {
    rules::receipt_faults(transfer, receipt, Term { days: 10, over })
        .iter()
        .map(|fault| (fault.code, fault.field.join(".")))
        .collect()
}

proptest! {
    #[test]
    fn a_receipt_accounts_for_every_piece(quantity in 1i64..50, received in -3i64..60, refused in -3i64..60, lost in -3i64..60) {
        let sums = received >= 0 && refused >= 0 && lost >= 0 && received + refused + lost == quantity;
        prop_assert_eq!(codes(&transfer(quantity), &receipt(received, refused, lost), false).is_empty(), sums);
    }

    #[test]
    fn cards_are_divided_without_rest(received in 0i64..50, refused in 0i64..50, lost in 0i64..50) {
        prop_assume!(received + refused + lost > 0);
        let parts = rules::parts(received, refused, lost);
        let rest = received + refused + lost - parts.split_refused - parts.split_lost;
        prop_assert!(rest > 0, "a card of no pieces");
        prop_assert_eq!(rest, match parts.rest { Rest::Moves => received, Rest::Stays => refused, Rest::Lost => lost });
        let ended = rules::receive(&transfer(received + refused + lost), &receipt(received, refused, lost), Uuid::nil(), start());
        prop_assert!(rules::parts_fit(&ended), "{ended:?}");
        let off = Transfer { received: received + 1, ..ended };
        prop_assert!(!rules::parts_fit(&off));
        // The accepted pieces keep the identity of the card.
        prop_assert_eq!(parts.rest == Rest::Moves, received > 0);
    }
}

#[test]
fn what_a_receipt_needs() {
    let bare = Receipt { asset_number: None, place: Some(" "), evidence: None, ..receipt(2, 1, 0) };
    let expected = [(Code::Required, "assetNumber"), (Code::Required, "place"), (Code::Required, "evidence")];
    assert_eq!(codes(&transfer(3), &bare, false), expected.map(|(code, field)| (code, field.to_owned())));
    // Nothing was taken over: there is nothing to number.
    let refused = Receipt {
        evidence: Some("型号不符"),
        ..Receipt { asset_number: None, place: None, ..receipt(0, 3, 0) }
    };
    assert!(codes(&transfer(3), &refused, false).is_empty());
    let mut over = transfer(3);
    over.state = TransferState::Received;
    assert_eq!(codes(&over, &receipt(3, 0, 0), false), [(Code::WrongState, String::new())]);
}

#[test]
fn a_receipt_is_deemed_only_after_some_days_and_with_evidence() {
    let deemed = Receipt { deemed: true, asset_number: None, place: None, ..receipt(3, 0, 0) };
    assert_eq!(codes(&transfer(3), &deemed, false), [(Code::TooEarly, "transferId".to_owned())]);
    assert!(codes(&transfer(3), &deemed, true).is_empty());
    let bare = Receipt { evidence: None, ..deemed };
    assert_eq!(codes(&transfer(3), &bare, true), [(Code::Required, "evidence".to_owned())]);
}

#[test]
fn both_books_close_a_transfer_and_each_only_once() {
    let by = Uuid::from_u128(9);
    assert_eq!(rules::book(&transfer(3), BookingSide::Giver, "1").unwrap_err().code, Code::WrongState);
    let received = rules::receive(&transfer(3), &receipt(2, 0, 1), by, start());
    assert_eq!((received.state, is_settled(&received)), (TransferState::Short, false));
    let out = rules::book(&received, BookingSide::Giver, " 记-1 ").unwrap();
    assert_eq!((out.state, out.booked_out.as_deref()), (TransferState::Short, Some("记-1")));
    assert_eq!(rules::book(&out, BookingSide::Giver, "2").unwrap_err().code, Code::AlreadyBooked);
    let closed = rules::book(&out, BookingSide::Receiver, "记-2").unwrap();
    assert_eq!((closed.state, is_settled(&closed)), (TransferState::Closed, true));
    assert!(rules::book(&closed, BookingSide::Receiver, "3").is_err());
    // A refusal needs no booking, and a loss of everything neither.
    let refused = rules::receive(&transfer(3), &receipt(0, 3, 0), by, start());
    assert_eq!((refused.state, is_settled(&refused)), (TransferState::Refused, true));
    let lost = rules::receive(&transfer(3), &receipt(0, 0, 3), by, start());
    assert_eq!((lost.state, is_settled(&lost)), (TransferState::Short, true));
    assert!(rules::book(&lost, BookingSide::Giver, "1").is_err());
}

#[test]
fn a_defect_is_reported_in_time_and_once() {
    let by = Uuid::from_u128(9);
    let month = TimeDelta::days(30);
    let office = Reverser::Office(month);
    assert_eq!(rules::reverse(&transfer(3), office, "裂", start()).unwrap_err().code, Code::WrongState);
    let received = rules::receive(&transfer(3), &receipt(3, 0, 0), by, start());
    assert_eq!(
        rules::reverse(&received, office, "裂", start() + TimeDelta::days(31)).unwrap_err().code,
        Code::TooLate
    );
    let reversed = rules::reverse(&received, office, " 裂 ", start() + month).unwrap();
    assert_eq!(reversed.state, TransferState::Reversed);
    assert_eq!(reversed.reversal_reason.as_deref(), Some("裂"));
    assert!(is_settled(&reversed));
    assert_eq!(rules::reverse(&reversed, office, "裂", start() + month).unwrap_err().code, Code::WrongState);
    let refused = rules::receive(&transfer(3), &receipt(0, 3, 0), by, start());
    assert_eq!(rules::reverse(&refused, office, "裂", start()).unwrap_err().code, Code::WrongState);
}

#[test]
fn a_receiver_objects_in_time_to_what_was_deemed_and_to_nothing_else() {
    let by = Uuid::from_u128(9);
    let confirmed = rules::receive(&transfer(3), &receipt(3, 0, 0), by, start());
    let deemed = Receipt { deemed: true, paper_number: Some(" 送达-1 "), ..receipt(3, 0, 0) };
    let deemed = rules::receive(&transfer(3), &deemed, by, start());
    assert_eq!((deemed.deemed, deemed.paper_number.as_deref()), (true, Some("送达-1")));
    let receiver = |over| Reverser::Receiver(Term { days: 10, over });
    let code =
        |outcome: Result<Transfer, Rejection>| outcome.map(|row| row.state).map_err(|fault| fault.code);
    assert_eq!(code(rules::reverse(&confirmed, receiver(false), "未收到", start())), Err(Code::NotAllowed));
    assert_eq!(code(rules::reverse(&deemed, receiver(true), "未收到", start())), Err(Code::TooLate));
    assert_eq!(
        code(rules::reverse(&deemed, receiver(false), "未收到", start())),
        Ok(TransferState::Reversed)
    );
}
