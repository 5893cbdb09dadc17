//! Schedules in the syntax of cron (SCH-001…SCH-005).

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::{validation::FieldError, wire::is_default};

const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// When a rule runs, as on the wire.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Schedule {
    /// 0 to 59; empty is 0 (extension member).
    #[serde(skip_serializing_if = "is_default")]
    pub minute: String,
    /// 0 to 23.
    pub hour: String,
    /// 0 to 7, Sunday is 0 and 7; names work.
    pub day_of_week: String,
    /// 1 to 31.
    pub day_of_month: String,
    /// 1 to 12; names work.
    pub month: String,
}

/// A minute of the calendar, in the time zone of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// 0 to 59.
    pub minute: u32,
    /// 0 to 23.
    pub hour: u32,
    /// 1 to 31.
    pub day: u32,
    /// 1 to 12.
    pub month: u32,
    /// 0 to 6, Sunday is 0.
    pub weekday: u32,
}

/// The values that a field of a schedule admits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Field {
    values: u64,
    /// Written as a list, a range or a step, not as `*` (SCH-003).
    is_restricted: bool,
}

impl Field {
    fn has(self, value: u32) -> bool {
        value < 64 && self.values & (1 << value) != 0
    }
}

/// A schedule that was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timetable {
    minute: Field,
    hour: Field,
    day: Field,
    month: Field,
    weekday: Field,
}

impl Timetable {
    /// Whether the schedule names this minute.
    pub fn includes(&self, moment: &Moment) -> bool {
        let (day, weekday) = (self.day.has(moment.day), self.weekday.has(moment.weekday));
        // SCH-003: two restrictions of the day are alternatives.
        let is_day = if self.day.is_restricted && self.weekday.is_restricted { day || weekday } else { day && weekday };
        is_day && self.minute.has(moment.minute) && self.hour.has(moment.hour) && self.month.has(moment.month)
    }
}

impl Schedule {
    /// Reads the fields.
    ///
    /// # Errors
    /// Names the field that is not valid (SCH-005).
    pub fn timetable(&self) -> Result<Timetable, FieldError> {
        let minute = if self.minute.trim().is_empty() { "0" } else { &self.minute };
        let mut weekday = parse("day_of_week", &self.day_of_week, 0..=7, (&DAYS, 0))?;
        if weekday.has(7) {
            weekday.values |= 1;
        }
        Ok(Timetable {
            minute: parse("minute", minute, 0..=59, (&[], 0))?,
            hour: parse("hour", &self.hour, 0..=23, (&[], 0))?,
            day: parse("day_of_month", &self.day_of_month, 1..=31, (&[], 0))?,
            month: parse("month", &self.month, 1..=12, (&MONTHS, 1))?,
            weekday,
        })
    }
}

/// Names of values, and the value of the first.
type Names<'a> = (&'a [&'a str], u32);

/// A list of `*`, values, ranges, each with an optional step.
fn parse(name: &str, text: &str, range: RangeInclusive<u32>, names: Names<'_>) -> Result<Field, FieldError> {
    let invalid = || {
        let field = format!("conditions.schedules.{name}");
        let message = format!(
            "invalid {name} {text:?} in conditions.schedules: a number from {} to {}, a range, a list, a step or *",
            range.start(),
            range.end()
        );
        FieldError::new(field, message)
    };
    let mut field = Field { values: 0, is_restricted: false };
    for part in text.trim().split(',') {
        let (values, step) = match part.trim().split_once('/') {
            Some((values, step)) => {
                (values.trim(), step.trim().parse::<u32>().ok().filter(|step| *step > 0).ok_or_else(invalid)?)
            }
            None => (part.trim(), 1),
        };
        let (first, last) = match values {
            "*" | "?" => (*range.start(), *range.end()),
            _ => {
                field.is_restricted = true;
                bounds(values, step, &range, names).ok_or_else(invalid)?
            }
        };
        field.is_restricted |= step > 1;
        for value in (first..=last).step_by(usize::try_from(step).unwrap_or(usize::MAX)) {
            field.values |= 1 << value;
        }
    }
    Ok(field)
}

/// `a`, or `a-b`; `a` with a step goes up to the end.
fn bounds(text: &str, step: u32, range: &RangeInclusive<u32>, names: Names<'_>) -> Option<(u32, u32)> {
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (value(first.trim(), names)?, value(last.trim(), names)?),
        None => {
            let first = value(text, names)?;
            (first, if step > 1 { *range.end() } else { first })
        }
    };
    (range.contains(&first) && range.contains(&last) && first <= last).then_some((first, last))
}

fn value(text: &str, (names, first): Names<'_>) -> Option<u32> {
    if let Some(at) = names.iter().position(|name| name.eq_ignore_ascii_case(text)) {
        return u32::try_from(at).ok().map(|at| at + first);
    }
    // `parse` alone would take a sign.
    text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(minute: &str, hour: &str, day: &str, month: &str, weekday: &str) -> Schedule {
        Schedule {
            minute: minute.into(),
            hour: hour.into(),
            day_of_week: weekday.into(),
            day_of_month: day.into(),
            month: month.into(),
        }
    }

    fn at(minute: u32, hour: u32, day: u32, month: u32, weekday: u32) -> Moment {
        Moment { minute, hour, day, month, weekday }
    }

    #[test]
    fn lists_ranges_steps_and_names() {
        // SCH-001, SCH-002
        let table = schedule("5-10/5,59", "*/6", "*", "JAN,mar-Apr", "Mon-fri").timetable().unwrap();
        for (moment, expected) in [
            (at(5, 0, 1, 1, 1), true),
            (at(10, 18, 1, 4, 5), true),
            (at(59, 6, 31, 3, 3), true),
            (at(6, 6, 31, 3, 3), false),
            (at(5, 7, 31, 3, 3), false),
            (at(5, 6, 31, 2, 3), false),
            (at(5, 6, 31, 3, 0), false),
            (at(5, 6, 31, 3, 6), false),
        ] {
            assert_eq!(table.includes(&moment), expected, "{moment:?}");
        }
        let quarter = schedule("1/15", "*", "*", "*", "?").timetable().unwrap();
        let minutes: Vec<u32> = (0..60).filter(|minute| quarter.includes(&at(*minute, 3, 3, 3, 3))).collect();
        assert_eq!(minutes, [1, 16, 31, 46]);
    }

    #[test]
    fn no_minute_is_minute_0_and_sunday_has_two_numbers() {
        // SCH-001, SCH-002
        for sunday in ["0", "7", "sun", "6-7"] {
            let table = schedule("", "3", "*", "*", sunday).timetable().unwrap();
            assert!(table.includes(&at(0, 3, 9, 9, 0)) && !table.includes(&at(1, 3, 9, 9, 0)), "{sunday}");
        }
    }

    #[test]
    fn two_restricted_days_are_alternatives() {
        // SCH-003
        let both = schedule("0", "0", "13", "*", "5").timetable().unwrap();
        assert!(both.includes(&at(0, 0, 13, 1, 2)) && both.includes(&at(0, 0, 20, 1, 5)) && !both.includes(&at(0, 0, 20, 1, 2)));
        let one = schedule("0", "0", "13", "*", "*").timetable().unwrap();
        assert!(one.includes(&at(0, 0, 13, 1, 2)) && !one.includes(&at(0, 0, 20, 1, 5)));
    }

    #[test]
    fn wrong_fields_are_named() {
        // SCH-005
        for (bad, name) in [
            (schedule("60", "*", "*", "*", "*"), "minute"),
            (schedule("0", "24", "*", "*", "*"), "hour"),
            (schedule("0", "", "*", "*", "*"), "hour"),
            (schedule("0", "*", "0", "*", "*"), "day_of_month"),
            (schedule("0", "*", "32", "*", "*"), "day_of_month"),
            (schedule("0", "*", "*", "13", "*"), "month"),
            (schedule("0", "*", "*", "foo", "*"), "month"),
            (schedule("0", "*", "*", "*", "8"), "day_of_week"),
            (schedule("0", "*", "*", "*", "fri-mon"), "day_of_week"),
            (schedule("0", "*/0", "*", "*", "*"), "hour"),
            (schedule("0", "1,", "*", "*", "*"), "hour"),
            (schedule("0", "+1", "*", "*", "*"), "hour"),
            (schedule("0", "1-", "*", "*", "*"), "hour"),
            (schedule("0", "1 2", "*", "*", "*"), "hour"),
            (schedule("0", "99999999999", "*", "*", "*"), "hour"),
        ] {
            let error = bad.timetable().unwrap_err();
            assert_eq!(error.field, format!("conditions.schedules.{name}"), "{bad:?}");
        }
    }
}
