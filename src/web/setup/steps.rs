//! The frame of the first start: its six steps beside the question.

use std::ops::Deref;

use actix_web::HttpRequest;

use crate::frame::{Look, words::Language};

/// The steps in order; their texts are `setup.step_<id>` and `setup.step_<id>_sub`.
const STEPS: [&str; 6] = ["owner", "files", "reach", "person", "safety", "done"];

/// One of them.
pub(crate) struct Step {
    pub(crate) number: usize,
    pub(crate) title: &'static str,
    pub(crate) sub: &'static str,
    pub(crate) is_done: bool,
    pub(crate) is_here: bool,
}

/// What every page of the first start is filled with.
pub(crate) struct Steps {
    look: Look,
    at: usize,
}

impl Deref for Steps {
    type Target = Look;

    fn deref(&self) -> &Look {
        &self.look
    }
}

impl Steps {
    /// Around the step of that name.
    pub(crate) fn new(look: Look, id: &str) -> Self {
        Self { at: STEPS.iter().position(|step| *step == id).unwrap_or_default(), look }
    }

    /// Before there is a session; the language may be chosen by the address, because nothing else answers yet.
    pub(crate) fn before(request: &HttpRequest, id: &str) -> Self {
        Self::new(Look::of(request, chosen(request)), id)
    }

    /// All of them.
    pub(crate) fn list(&self) -> Vec<Step> {
        let word = |id: &str, of: &str| self.t.find(&format!("setup.step_{id}{of}")).unwrap_or_default();
        let step = |(at, id): (usize, &&str)| Step {
            number: at + 1,
            title: word(id, ""),
            sub: word(id, "_sub"),
            is_done: at < self.at,
            is_here: at == self.at,
        };
        STEPS.iter().enumerate().map(step).collect()
    }

    /// Where in them.
    pub(crate) fn counter(&self) -> String {
        self.say2(self.t.setup_counter, self.at + 1, STEPS.len())
    }
}

/// The language that the address names.
pub(crate) fn chosen(request: &HttpRequest) -> Option<Language> {
    let query = crate::frame::Form::query(request);
    query.find("language").and_then(Language::of)
}
