//! Writing a backup, a page of objects at a time.

use std::{collections::VecDeque, fmt::Write as _, path::PathBuf};

use bytes::Bytes;
use entrepot_model::AdminPermission as P;

use super::{
    Scope, VERSION, configurations, file,
    kinds::{KINDS, Kind},
};
use crate::{Core, Error, Result, admin::AdminSession};

/// Objects that are read at a time.
const PAGE: u64 = 100;

/// What to write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DumpOptions {
    /// Only these parts; empty for all (API-087).
    pub scopes: Vec<Scope>,
    /// Readable lines instead of one.
    pub indent: bool,
}

impl DumpOptions {
    fn has(&self, scope: Scope) -> bool {
        self.scopes.is_empty() || self.scopes.contains(&scope)
    }
}

/// A backup that is being written. Ask for [`Dump::next`] until there is no more.
pub struct Dump {
    core: Core,
    steps: VecDeque<Step>,
    indent: bool,
    /// Whether something stands before the next member.
    follows: bool,
}

enum Step {
    Begin,
    List(&'static dyn Kind),
    /// The elements after the one of this name.
    Elements(&'static dyn Kind, Option<String>),
    Configurations,
    End,
}

/// Begins a backup. What refers to others is read before them, so that what it names is in the backup even when objects are
/// added meanwhile.
///
/// # Errors
/// `Denied` without `*` (API-086).
pub fn dump(core: &Core, session: &AdminSession, options: &DumpOptions) -> Result<Dump> {
    session.require(P::Any)?;
    let mut steps = VecDeque::from([Step::Begin]);
    steps.extend(KINDS.into_iter().rev().filter(|kind| options.has(kind.scope())).map(Step::List));
    if options.has(Scope::Configurations) {
        steps.push_back(Step::Configurations);
    }
    steps.push_back(Step::End);
    Ok(Dump { core: core.clone(), steps, indent: options.indent, follows: false })
}

/// Writes a backup to a file below `data_provider.backups_path`, mode 0600; one of that name is replaced when the new one is
/// complete. Answers where it is.
///
/// # Errors
/// As [`dump`]; `Invalid` for a name that is not below the folder, or a file that cannot be written.
pub async fn dump_to_file(core: &Core, session: &AdminSession, options: &DumpOptions, name: &str) -> Result<PathBuf> {
    let mut dump = dump(core, session, options)?;
    let mut file = file::Output::create(core, name).await?;
    while let Some(piece) = dump.next().await? {
        file.write(piece).await?;
    }
    file.finish().await
}

impl Dump {
    /// The next piece of the text; `None` after the last. After an error the text must not be used.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        while let Some(step) = self.steps.pop_front() {
            let text = self.take(step).await?;
            if !text.is_empty() {
                return Ok(Some(Bytes::from(text)));
            }
        }
        Ok(None)
    }

    async fn take(&mut self, step: Step) -> Result<String> {
        let mut text = String::new();
        match step {
            Step::Begin => text.push('{'),
            Step::List(kind) => {
                self.begin_member(&mut text, kind.scope().member());
                text.push('[');
                self.steps.push_front(Step::Elements(kind, None));
            }
            Step::Elements(kind, after) => {
                let is_first = after.is_none();
                let page = kind.page(&self.core, after, PAGE, self.indent).await?;
                for (index, object) in page.objects.iter().enumerate() {
                    if !is_first || index > 0 {
                        text.push(',');
                    }
                    self.element(&mut text, object);
                }
                match page.last {
                    Some(last) => self.steps.push_front(Step::Elements(kind, Some(last))),
                    None if self.indent && !is_first => text.push_str("\n  ]"),
                    None => text.push(']'),
                }
            }
            Step::Configurations => {
                let value = configurations::complete(&self.core).await?.unwrap_or_else(|| serde_json::json!({}));
                self.begin_member(&mut text, Scope::Configurations.member());
                let written = if self.indent { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
                let written = written.map_err(|error| Error::internal("writing a backup", error))?;
                text.push_str(&written.replace('\n', "\n  "));
            }
            Step::End => {
                self.begin_member(&mut text, "version");
                let _ = write!(text, "{VERSION}");
                text.push_str(if self.indent { "\n}" } else { "}" });
            }
        }
        Ok(text)
    }

    fn begin_member(&mut self, text: &mut String, name: &str) {
        if std::mem::replace(&mut self.follows, true) {
            text.push(',');
        }
        let _ = if self.indent { write!(text, "\n  \"{name}\": ") } else { write!(text, "\"{name}\":") };
    }

    /// No text of JSON holds a line break of its own.
    fn element(&self, text: &mut String, object: &str) {
        if self.indent {
            text.push_str("\n    ");
            text.push_str(&object.replace('\n', "\n    "));
        } else {
            text.push_str(object);
        }
    }
}
