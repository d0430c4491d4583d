//! What an experiment says of itself and of its results, beside the numbers.

/// An experiment at one size, judged.
#[derive(Clone, Debug, Default)]
pub struct Outline {
    /// Its name, as in the lines of results.
    pub experiment: String,
    /// The size that was judged, as in the lines of results.
    pub size: u64,
    /// One line.
    pub title: String,
    /// What it asks.
    pub question: String,
    /// What it predicts.
    pub predictions: Vec<Prediction>,
    /// What it re-enacts.
    pub published: Vec<Published>,
}

/// A prediction and what became of it.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// In words.
    pub text: String,
    /// Does it hold? `None` if it could not be judged.
    pub holds: Option<bool>,
}

/// A published figure beside Calf's own.
#[derive(Clone, Debug)]
pub struct Published {
    /// What was published.
    pub figure: String,
    /// Where.
    pub source: String,
    /// Calf's own in the same words; `None` if it was not measured.
    pub here: Option<String>,
    /// Why the two differ, or in what they agree.
    pub why: String,
}
