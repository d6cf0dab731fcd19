//! How far a load is: a bar where somebody watches, a line now and then where nobody does.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::app::App;
use crate::finding;

/// Time between two lines where there is no terminal.
const PAUSE: Duration = Duration::from_secs(5);

/// Progress of one stage after the other. A cheap clone.
#[derive(Clone, Debug)]
pub struct Progress {
    bar: ProgressBar,
    told: Option<Arc<Mutex<Told>>>,
}

#[derive(Debug)]
struct Told {
    stage: &'static str,
    at: Instant,
}

impl Progress {
    /// On standard error: a bar on a terminal, else lines in the log.
    #[must_use]
    pub fn stderr() -> Self {
        if std::io::stderr().is_terminal() {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            Self { bar, told: None }
        } else {
            let told = Told { stage: "", at: Instant::now() };
            Self { bar: ProgressBar::hidden(), told: Some(Arc::new(Mutex::new(told))) }
        }
    }

    /// Silent.
    #[must_use]
    pub fn hidden() -> Self {
        Self { bar: ProgressBar::hidden(), told: None }
    }

    /// Begins a stage of `count` things.
    pub(super) fn begin(&self, stage: &'static str, done: u64, count: u64) {
        self.bar.reset();
        self.bar.set_length(count);
        self.bar.set_position(done);
        let template = "{msg:10} [{bar:40}] {human_pos}/{human_len} {per_sec} {eta}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style.progress_chars("=> "));
        }
        self.bar.set_message(stage);
        self.bar.reset_eta();
        if let Some(told) = &self.told {
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            told.stage = stage;
            told.at = Instant::now();
            tracing::info!(count, "{stage}");
        }
    }

    /// So many more are done.
    pub(super) fn step(&self, count: u64) {
        self.bar.inc(count);
        let Some(told) = &self.told else { return };
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.at.elapsed() >= PAUSE {
            told.at = Instant::now();
            let (done, of) = (self.bar.position(), self.bar.length().unwrap_or_default());
            tracing::info!(done, of, "{}", told.stage);
        }
    }

    /// Builds the search index anew.
    pub(in crate::demo) async fn index(
        &self,
        app: &App,
        index: &search::SearchIndex,
        count: u64,
    ) -> anyhow::Result<()> {
        self.begin("search", 0, count);
        let mut before = 0;
        finding::follow::rebuild(app, index, |done| {
            self.step(done - before);
            before = done;
        })
        .await?;
        self.end();
        Ok(())
    }

    /// All stages are done.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
