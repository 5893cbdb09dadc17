//! The form of a share: what was typed, what it means, and what is wrong with it.

use chrono::{DateTime, NaiveDate, NaiveTime};
use entrepot_core::{Error, Result};
use entrepot_model::{
    Share, ShareDraft, ShareScope,
    share::{REDACTED_PASSWORD, ShareGroupBinding, ShareOptions, share_permission},
};

use crate::frame::{ClientPage, Form, Look};

const DAY: i64 = 24 * 3_600_000;

/// What was typed.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) scope: i64,
    /// One a line.
    pub(super) paths: String,
    /// `1`, `7` and `30` days, `date`, or `never`.
    pub(super) ends: String,
    /// `2026-11-30`
    pub(super) date: String,
    pub(super) password: String,
    pub(super) drops_password: bool,
    pub(super) most: String,
    pub(super) networks: String,
    pub(super) emails: String,
    pub(super) mails_code: bool,
    pub(super) agrees: bool,
    /// What members of groups may do, where the form had a say about it (UI-178).
    pub(super) groups: Option<Vec<ShareGroupBinding>>,
}

/// What is wrong, by field.
#[derive(Default)]
pub(super) struct Wrong {
    pub(super) name: Option<String>,
    pub(super) paths: Option<String>,
    pub(super) date: Option<String>,
    pub(super) password: Option<String>,
    pub(super) most: Option<String>,
    pub(super) networks: Option<String>,
    pub(super) emails: Option<String>,
    pub(super) groups: Option<String>,
    pub(super) other: Option<String>,
}

impl Wrong {
    /// What the core refused; what is no fault of the form is an error still.
    pub(super) fn of(look: &Look, error: Error) -> Result<Self> {
        let mut wrong = Self::default();
        match error {
            Error::Invalid { field, message, .. } => {
                let place = match field.split(['.', '[']).next().unwrap_or_default() {
                    "name" => &mut wrong.name,
                    "paths" => &mut wrong.paths,
                    "expires_at" => &mut wrong.date,
                    "password" => &mut wrong.password,
                    "max_tokens" => &mut wrong.most,
                    "allow_from" => &mut wrong.networks,
                    "options" => &mut wrong.emails,
                    "groups" => &mut wrong.groups,
                    _ => &mut wrong.other,
                };
                *place = Some(look.t.fault(&field, &message));
            }
            Error::Denied(denial) => wrong.other = Some(look.say(look.t.error_denied_rule, denial.rule())),
            other => return Err(other),
        }
        Ok(wrong)
    }

    pub(super) fn is_any(&self) -> bool {
        let begin = [&self.name, &self.paths, &self.date, &self.password];
        let rest = [&self.most, &self.networks, &self.emails, &self.groups, &self.other];
        begin.into_iter().chain(rest).any(Option::is_some)
    }
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Groups with at least one tick. Whoever may change or delete a share sees it too.
fn sent_groups(form: &Form) -> Vec<ShareGroupBinding> {
    let binding = |(row, name): (usize, &str)| {
        let ticks =
            form.all(&format!("groups.{row}.may")).filter_map(|bit| bit.parse::<i64>().ok()).fold(0, |mask, bit| mask | bit);
        let permissions = if ticks == 0 { 0 } else { ticks | share_permission::VIEW };
        ShareGroupBinding { group_name: name.to_owned(), permissions }
    };
    let named = (0..).map_while(|row| form.find(&format!("groups.{row}.name")));
    named.enumerate().map(binding).filter(|binding| binding.permissions != 0).collect()
}

impl Fields {
    /// Of a new share: what the page of files chose, a week, for downloading.
    pub(super) fn new(page: &ClientPage) -> Self {
        let paths: Vec<&str> = page.query.all("paths").filter(|path| !path.is_empty()).collect();
        let last = |path: &&str| path.rsplit('/').find(|part| !part.is_empty()).unwrap_or_default().to_owned();
        let scopes = [ShareScope::Read, ShareScope::Write, ShareScope::ReadWrite];
        let scope = scopes.into_iter().find(|scope| page.caller.user().may_share_for(*scope).is_ok());
        let (now, user) = (page.look.now, page.caller.user());
        let wanted = user.default_share_expiration(now);
        Self {
            name: paths.first().map(last).unwrap_or_default(),
            scope: scope.unwrap_or(ShareScope::Read) as i64,
            paths: paths.join("\n"),
            ends: if wanted > 0 { "date".into() } else { "7".into() },
            date: if wanted > 0 { date(wanted) } else { String::new() },
            ..Self::default()
        }
    }

    pub(super) fn of(share: &Share) -> Self {
        Self {
            name: share.name.clone(),
            description: share.description.clone(),
            scope: share.scope,
            paths: share.paths.join("\n"),
            ends: if share.expires_at > 0 { "date".into() } else { "never".into() },
            date: if share.expires_at > 0 { date(share.expires_at) } else { String::new() },
            most: if share.max_tokens > 0 { share.max_tokens.to_string() } else { String::new() },
            networks: share.allow_from.join("\n"),
            emails: share.options.emails.join("\n"),
            mails_code: share.has_email_auth(),
            agrees: share.options.legal_agreement == 1,
            groups: Some(share.groups.clone()),
            ..Self::default()
        }
    }

    pub(super) fn sent(form: &Form) -> Self {
        let text = |name: &str| form.get(name).trim().to_owned();
        Self {
            name: text("name"),
            description: text("description"),
            scope: form.get("scope").parse().unwrap_or_default(),
            paths: text("paths"),
            ends: text("ends"),
            date: text("date"),
            password: form.get("password").to_owned(),
            drops_password: form.has("drop_password"),
            most: text("most"),
            networks: text("networks"),
            emails: text("emails"),
            mails_code: form.has("mails_code"),
            agrees: form.has("agrees"),
            groups: form.has("with_groups").then(|| sent_groups(form)),
        }
    }

    /// What it means; `stored` is the share that is changed.
    pub(super) fn draft(&self, look: &Look, stored: Option<&Share>) -> std::result::Result<ShareDraft, Box<Wrong>> {
        let mut wrong = Wrong::default();
        let expires_at = self.end(look, stored).unwrap_or_else(|text| {
            wrong.date = Some(text);
            0
        });
        let max_tokens = if self.most.is_empty() { Ok(0) } else { self.most.parse::<u32>().map(i64::from) };
        let max_tokens = max_tokens.unwrap_or_else(|_| {
            wrong.most = Some(look.t.share_no_number.to_owned());
            0
        });
        if wrong.is_any() {
            return Err(Box::new(wrong));
        }
        let keeps = self.password.is_empty() && !self.drops_password && stored.is_some_and(|share| !share.password.is_empty());
        let share = Share {
            name: self.name.clone(),
            description: self.description.clone(),
            scope: self.scope,
            paths: lines(&self.paths),
            expires_at,
            password: if keeps { REDACTED_PASSWORD.to_owned() } else { self.password.clone() },
            max_tokens,
            allow_from: lines(&self.networks),
            groups: self.groups.clone().or_else(|| stored.map(|share| share.groups.clone())).unwrap_or_default(),
            options: ShareOptions {
                emails: lines(&self.emails),
                auth_mode: i64::from(self.mails_code),
                legal_agreement: i64::from(self.agrees),
            },
            ..Share::default()
        };
        Ok(ShareDraft { share, names_expiration: true, names_groups: self.groups.is_some() || stored.is_some() })
    }

    /// Unix milliseconds, 0 never.
    fn end(&self, look: &Look, stored: Option<&Share>) -> std::result::Result<i64, String> {
        match self.ends.as_str() {
            "never" => Ok(0),
            "date" => {
                // A day that was not touched keeps its hour.
                if let Some(share) = stored.filter(|share| share.expires_at > 0 && date(share.expires_at) == self.date) {
                    return Ok(share.expires_at);
                }
                let day = NaiveDate::parse_from_str(&self.date, "%Y-%m-%d").map_err(|_| look.t.share_no_date.to_owned())?;
                let last = NaiveTime::from_hms_opt(23, 59, 59).unwrap_or_default();
                Ok(day.and_time(last).and_utc().timestamp_millis())
            }
            days => {
                days.parse::<i64>().map(|days| look.now + days.clamp(1, 3650) * DAY).map_err(|_| look.t.share_no_date.to_owned())
            }
        }
    }
}

fn date(millis: i64) -> String {
    DateTime::from_timestamp_millis(millis).map(|moment| moment.format("%Y-%m-%d").to_string()).unwrap_or_default()
}
