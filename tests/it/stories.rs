//! Stories: random commands in random order on one card and all that is made of it, on a clock that the story moves.
//! After each command the quantities, the cards, the queues and the ledger are reckoned anew from the rows, by other means
//! than the service's own. A story follows from its number alone; one that goes wrong is shortened before it is told.

mod checks;
mod commands;
mod disposing;
mod stage;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use commands::{Theme, What};
use stage::{Stage, Story};
use tests::{ALONE, Backend, Outcome, Registry};

/// Stories of a run: so many at least, and then as many as it takes until each command was carried out.
const STORIES: u64 = 16;
/// Stories after which a run ends although commands were never carried out.
const MOST: u64 = 60;
/// A run in which more than one of so many commands was never carried out says too little.
const MISSING: usize = 5;
/// Steps of a story.
const STEPS: usize = 80;
/// Commands tried, the rarest so far first, where a step leaves it open what is commanded.
const TRIES: usize = 5;
/// How long a story that went wrong is shortened.
const PATIENCE: Duration = Duration::from_secs(60);

pub fn register(registry: &mut Registry) {
    registry.both("stories: whatever is commanded, quantities, cards, queues and ledger agree", stories);
}

/// One command, before it is known on what: `a` and `b` choose among what is there.
#[derive(Clone, Copy, Debug)]
pub struct Op {
    pub what: What,
    /// Command instead what was carried out least often so far, as far as it can be.
    pub rarest: bool,
    pub a: u32,
    pub b: u32,
}

/// What a story is about and what happens in it.
#[derive(Clone, Debug)]
struct Script {
    theme: Theme,
    pieces: i64,
    value: i64,
    ops: Vec<Op>,
}

impl Script {
    fn of(number: u64) -> Self {
        let mut random = StdRng::seed_from_u64(number);
        let theme = Theme::of(number);
        let weights: Vec<(What, u32)> = What::within(theme).map(|what| (what, what.weight())).collect();
        let all: u32 = weights.iter().map(|(_, weight)| weight).sum();
        let mut op = || {
            let mut at = random.random_range(0..all);
            let chosen = weights.iter().find(|(_, weight)| match at.checked_sub(*weight) {
                Some(rest) => {
                    at = rest;
                    false
                }
                None => true,
            });
            Op {
                what: chosen.map_or(What::Ask, |(what, _)| *what),
                rarest: random.random_ratio(2, 5),
                a: random.random(),
                b: random.random(),
            }
        };
        let ops = (0..STEPS).map(|_| op()).collect();
        Self { theme, pieces: random.random_range(4..=16), value: random.random_range(1..=1_000_000), ops }
    }
}

async fn stories(backend: Backend) -> Outcome {
    let _alone = ALONE.lock().await;
    let begun = Instant::now();
    let mut stage = Stage::build(backend).await?;
    let mut accepted = Accepted::new();
    let mut steps = 0;
    let mut told_so_far = 0;
    for number in 0..MOST {
        if number >= STORIES && never(&accepted).is_empty() {
            break;
        }
        told_so_far = number + 1;
        let script = Script::of(number);
        let mut told = Vec::new();
        match tell(&mut stage, &script, &mut accepted, &mut told).await {
            Ok(()) => steps += told.len(),
            Err(error) => {
                let (shortest, error) = shorten(&mut stage, Script { ops: told, ..script }, error).await;
                anyhow::bail!(
                    "story {number}, {} pieces worth {} fen, shortened to {} of its commands:\n{:#?}\n{error:?}",
                    shortest.pieces,
                    shortest.value,
                    shortest.ops.len(),
                    shortest.ops,
                );
            }
        }
    }
    eprintln!(
        "{backend}: {told_so_far} stories, {steps} commands in {:?}, carried out: {accepted:?}",
        begun.elapsed()
    );
    let never = never(&accepted);
    eprintln!("{backend}: never carried out: {never:?}");
    ensure!(
        never.len() * MISSING <= commands::NAMES.len(),
        "never carried out in {told_so_far} stories: {never:?}"
    );
    Ok(())
}

/// What was commanded in vain, or not at all.
fn never(accepted: &Accepted) -> Vec<&'static str> {
    commands::NAMES.iter().copied().filter(|name| !accepted.contains_key(*name)).collect()
}

/// How often each command was carried out, by name.
type Accepted = BTreeMap<String, u32>;

/// Plays a story to its end, or to the command after which something is wrong. What was commanded, each as one that leaves
/// nothing open, goes into `told`.
async fn tell(
    stage: &mut Stage,
    script: &Script,
    accepted: &mut Accepted,
    told: &mut Vec<Op>,
) -> anyhow::Result<()> {
    let mut story =
        Story::begin(stage, script.pieces, script.value).await.context("the story does not begin")?;
    for op in &script.ops {
        let choice = if op.rarest { rarest(script.theme, accepted) } else { vec![op.what] };
        for what in choice {
            let op = Op { what, rarest: false, ..*op };
            told.push(op);
            let done = commands::carry_out(stage, &mut story, op).await.with_context(|| format!("{op:?}"))?;
            let carried_out = !done.is_empty();
            checks::check(stage, &story).await.with_context(|| format!("after {op:?}"))?;
            done.into_iter().for_each(|name| *accepted.entry(name).or_default() += 1);
            if carried_out {
                break;
            }
        }
    }
    checks::verify(stage).await.context("at the end")
}

/// The commands of a theme that were carried out least often, first.
fn rarest(theme: Theme, accepted: &Accepted) -> Vec<What> {
    let mut all: Vec<What> = What::within(theme).collect();
    all.sort_by_key(|what| accepted.get(what.name()).copied().unwrap_or_default());
    all.truncate(TRIES);
    all
}

/// Leaves commands out, many at a time and then few, as long as the story goes wrong without them.
async fn shorten(stage: &mut Stage, script: Script, error: anyhow::Error) -> (Script, anyhow::Error) {
    let begun = Instant::now();
    let (mut script, mut error) = (script, error);
    let mut size = script.ops.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < script.ops.len() && begun.elapsed() < PATIENCE {
            let mut ops = script.ops.clone();
            ops.drain(at..(at + size).min(ops.len()));
            let shorter = Script { ops, ..script };
            match tell(stage, &shorter, &mut Accepted::new(), &mut Vec::new()).await {
                Ok(()) => at += size,
                Err(found) => (script, error) = (shorter, found),
            }
        }
        size /= 2;
    }
    (script, error)
}
