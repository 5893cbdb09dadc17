//! Charts of the overview, drawn here: SVG without styles, so that the policy of the pages holds.

use std::fmt::Write as _;

use crate::frame::Look;

/// Points of a whole curve: a quarter of an hour, each five seconds.
const POINTS: usize = 180;

/// How fast bytes came in and went out.
pub(super) struct Curve {
    /// `x,y` pairs in a square of 100 units.
    pub(super) ins: String,
    pub(super) outs: String,
    /// Around the area below `ins`: where it begins.
    pub(super) from: String,
    /// Bytes per second now.
    pub(super) now_in: i64,
    pub(super) now_out: i64,
    /// What the upper line and the middle one stand for.
    pub(super) top: i64,
    pub(super) middle: i64,
    /// The highest rates, for whoever does not see the curve.
    pub(super) label: String,
}

/// The curve of these samples; `None` where nothing moved.
pub(super) fn curve(look: &Look, history: &[[u64; 2]]) -> Option<Curve> {
    let highest = |direction: usize| history.iter().map(|sample| sample[direction]).max().unwrap_or(0);
    let (peak_in, peak_out) = (highest(0), highest(1));
    let top = rounded(peak_in.max(peak_out));
    if top == 0 {
        return None;
    }
    let x = |place: usize| 100.0 - (history.len() - 1 - place) as f64 * 100.0 / (POINTS - 1) as f64;
    let line = |direction: usize| {
        let mut points = String::new();
        for (place, sample) in history.iter().enumerate() {
            let y = 100.0 - sample[direction] as f64 * 100.0 / top as f64;
            let _ = write!(points, "{}{:.2},{y:.1}", if place == 0 { "" } else { " " }, x(place));
        }
        points
    };
    let signed = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
    let last = history.last().copied().unwrap_or_default();
    let (peak_in, peak_out) = (look.size(signed(peak_in)), look.size(signed(peak_out)));
    Some(Curve {
        ins: line(0),
        outs: line(1),
        from: format!("{:.2}", x(0)),
        now_in: signed(last[0]),
        now_out: signed(last[1]),
        top: signed(top),
        middle: signed(top / 2),
        label: look.say2(look.t.rate_label, peak_in, peak_out),
    })
}

/// The next 1, 2 or 5 with zeros.
fn rounded(highest: u64) -> u64 {
    if highest == 0 {
        return 0;
    }
    let mut step = 1_u64;
    loop {
        for factor in [1, 2, 5] {
            let value = step.saturating_mul(factor);
            if value >= highest || value == u64::MAX {
                return value;
            }
        }
        step = step.saturating_mul(10);
    }
}

/// Sign-ins of a day, hour by hour.
pub(super) struct Bars {
    pub(super) good: u64,
    pub(super) bad: u64,
    pub(super) bars: Vec<Bar>,
}

/// An hour, in a square of 240 by 100 units: the failed ones stand on the others.
pub(super) struct Bar {
    pub(super) x: usize,
    pub(super) good_y: String,
    pub(super) good_height: String,
    pub(super) bad_y: String,
    pub(super) bad_height: String,
}

/// The bars of these hours; `None` where nobody came.
pub(super) fn bars(hours: &[(u64, u64)]) -> Option<Bars> {
    let highest = hours.iter().map(|(good, bad)| good + bad).max().filter(|highest| *highest > 0)?;
    let height = |count: u64| count as f64 * 100.0 / highest as f64;
    let bar = |(place, (good, bad)): (usize, &(u64, u64))| {
        let (good, bad) = (height(*good), height(*bad));
        Bar {
            x: place * 10 + 1,
            good_y: format!("{:.1}", 100.0 - good),
            good_height: format!("{good:.1}"),
            bad_y: format!("{:.1}", 100.0 - good - bad),
            bad_height: format!("{bad:.1}"),
        }
    };
    Some(Bars {
        good: hours.iter().map(|(good, _)| good).sum(),
        bad: hours.iter().map(|(_, bad)| bad).sum(),
        bars: hours.iter().enumerate().map(bar).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_end_at_round_numbers() {
        for (highest, top) in [(0, 0), (1, 1), (3, 5), (11, 20), (4_999, 5_000), (u64::MAX, u64::MAX)] {
            assert_eq!(rounded(highest), top);
        }
    }

    #[test]
    fn bars_stand_on_each_other() {
        assert!(bars(&[(0, 0); 24]).is_none(), "a bay with nothing to say is left out");
        let found = bars(&[(3, 1), (0, 0), (0, 2)]).unwrap();
        assert_eq!((found.good, found.bad), (3, 3));
        let first = &found.bars[0];
        assert_eq!((first.good_y.as_str(), first.good_height.as_str()), ("25.0", "75.0"));
        assert_eq!((first.bad_y.as_str(), first.bad_height.as_str()), ("0.0", "25.0"));
        assert_eq!((found.bars[2].bad_y.as_str(), found.bars[2].x), ("50.0", 21));
    }
}
