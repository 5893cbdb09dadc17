//! Scores and bans, with a clock in hand.

use super::*;

const NOW: i64 = 1_800_000_000_000;

fn settings() -> Settings {
    let loaded = entrepot_config::load(entrepot_config::Sources::new("/nowhere")).expect("defaults");
    loaded.settings.common.defender
}

fn host(number: u8) -> IpAddr {
    [192, 0, 2, number].into()
}

struct Trial {
    defender: Defender,
    settings: Settings,
    now: i64,
}

impl Trial {
    fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = settings();
        change(&mut settings);
        Self { defender: Defender::default(), settings, now: NOW }
    }

    fn score(&mut self, ip: IpAddr, what: Score) -> Outcome {
        self.defender.score(ip, Protocol::Ssh, what, self.now, &self.settings)
    }

    /// Scores until something else than a score comes of it.
    fn ban(&mut self, ip: IpAddr) -> Outcome {
        (0..100)
            .map(|_| self.score(ip, Score::UnknownUser))
            .find(|outcome| !matches!(outcome, Outcome::Scored(_)))
            .expect("an end")
    }

    fn is_banned(&self, ip: IpAddr) -> bool {
        self.defender.host(ip, self.now, &self.settings).is_some_and(|host| host.banned_until.is_some())
    }
}

// DEF-002, DEF-003, SEC-179
#[test]
fn scores_add_up_to_a_ban_of_thirty_minutes() {
    let mut trial = Trial::new(|_| {});
    assert_eq!(trial.score(host(1), Score::UnknownUser), Outcome::Scored(2));
    assert_eq!(trial.score(host(1), Score::LoginFailed), Outcome::Scored(3));
    assert_eq!(trial.score(host(1), Score::LimitExceeded), Outcome::Scored(6));
    assert_eq!(trial.score(host(1), Score::NoAuth), Outcome::Ignored, "worth nothing by default");
    for sum in [9, 12] {
        assert_eq!(trial.score(host(1), Score::LimitExceeded), Outcome::Scored(sum));
    }
    let Outcome::Banned(until, reason) = trial.score(host(1), Score::LimitExceeded) else { panic!("no ban at 15") };
    assert_eq!(until, NOW + 30 * MINUTE);
    assert!(reason.contains("score 15 of 15") && reason.contains("1 × unknown user"), "{reason}");
    assert_eq!(trial.score(host(1), Score::LimitExceeded), Outcome::Ignored, "DEF-004");
    trial.now = until;
    assert!(!trial.is_banned(host(1)));
    assert_eq!(trial.score(host(1), Score::LoginFailed), Outcome::Scored(1), "a served ban is forgotten");
}

// DEF-011
#[test]
fn what_is_older_than_the_observation_time_does_not_count() {
    let mut trial = Trial::new(|_| {});
    for _ in 0..7 {
        trial.score(host(1), Score::UnknownUser);
    }
    trial.now += 30 * MINUTE + 1;
    assert_eq!(trial.defender.host(host(1), trial.now, &trial.settings), None);
    assert_eq!(trial.score(host(1), Score::UnknownUser), Outcome::Scored(2));
}

// DEF-004, DEF-016
#[test]
fn coming_back_makes_a_ban_longer() {
    let mut trial = Trial::new(|_| {});
    trial.ban(host(1));
    assert!(trial.defender.refuse(host(1), trial.now, &trial.settings));
    let until = |trial: &Trial| trial.defender.host(host(1), NOW, &trial.settings).and_then(|host| host.banned_until);
    assert_eq!(until(&trial), Some(NOW + 45 * MINUTE));
    trial.settings.ban_time_increment = 200;
    assert!(trial.defender.refuse(host(1), trial.now, &trial.settings));
    assert_eq!(until(&trial), Some(NOW + 105 * MINUTE));
    (trial.settings.ban_time, trial.settings.ban_time_increment) = (1, 50);
    assert!(trial.defender.refuse(host(1), trial.now, &trial.settings));
    assert_eq!(until(&trial), Some(NOW + 106 * MINUTE), "at least a minute");
    assert!(!trial.defender.refuse(host(2), trial.now, &trial.settings));
    trial.now = NOW + 106 * MINUTE;
    assert!(!trial.defender.refuse(host(1), trial.now, &trial.settings));
}

#[test]
fn no_ban_reaches_further_than_thirty_days() {
    let mut trial = Trial::new(|settings| settings.ban_time_increment = u32::MAX);
    trial.ban(host(1));
    for _ in 0..10 {
        trial.defender.refuse(host(1), trial.now, &trial.settings);
    }
    let host = trial.defender.host(host(1), NOW, &trial.settings).expect("banned");
    assert_eq!(host.banned_until, Some(NOW + LONGEST_BAN));
}

// DEF-006, SEC-181
#[test]
fn the_oldest_go_when_there_are_too_many() {
    let mut trial = Trial::new(|settings| (settings.entries_soft_limit, settings.entries_hard_limit) = (5, 10));
    for number in 1..=11 {
        trial.now += 1;
        trial.score(host(number), Score::LoginFailed);
    }
    let known = |trial: &Trial| trial.defender.hosts(trial.now, &trial.settings).iter().map(|host| host.ip).collect::<Vec<_>>();
    assert_eq!(known(&trial), [7, 8, 9, 10, 11].map(host));
    for number in 101..=111 {
        trial.now += 1;
        trial.ban(host(number));
    }
    let banned: Vec<_> = known(&trial).into_iter().filter(|ip| trial.is_banned(*ip)).collect();
    assert_eq!(banned, [107, 108, 109, 110, 111].map(host), "bans do not push out scores, nor the other way round");
}

// DEF-010
#[test]
fn a_host_can_be_let_back_in() {
    let mut trial = Trial::new(|_| {});
    trial.ban(host(1));
    assert!(trial.defender.remove(host(1), trial.now, &trial.settings));
    assert!(!trial.defender.refuse(host(1), trial.now, &trial.settings));
    assert!(!trial.defender.remove(host(1), trial.now, &trial.settings), "it is unknown now");
}

// Decisions 15: private ranges are softened.
#[test]
fn a_proxy_that_nobody_declared_is_not_banned_and_that_is_told_once() {
    let mut trial = Trial::new(|_| {});
    let gateway = IpAddr::from([172, 17, 0, 1]);
    trial.defender.neighbours.note_forwarded(gateway, NOW);
    assert_eq!(trial.ban(gateway), Outcome::Spared(16, Sign::Forwards));
    assert!(!trial.is_banned(gateway));
    assert_eq!(trial.score(gateway, Score::UnknownUser), Outcome::Scored(18), "told once");
    let shown = trial.defender.host(gateway, trial.now, &trial.settings).expect("host");
    assert_eq!(shown.spared, Some(Sign::Forwards.as_str()));

    trial.defender.neighbours.note_forwarded(host(1), NOW);
    assert!(matches!(trial.ban(host(1)), Outcome::Banned(..)), "from a public address such headers are no excuse");
    let alone = IpAddr::from([192, 168, 1, 5]);
    trial.defender.neighbours.note_name(alone, "alice", false, NOW);
    assert!(matches!(trial.ban(alone), Outcome::Banned(..)), "a single client of a private network is banned as any other");
}

// DEF-017
#[test]
fn scores_and_bans_survive_being_stored() {
    let mut trial = Trial::new(|_| {});
    trial.ban(host(1));
    trial.score(host(2), Score::LimitExceeded);
    trial.score(host(3), Score::LoginFailed);
    trial.defender.remove(host(3), NOW, &trial.settings);
    let (kept, gone) = trial.defender.take_changes();
    assert_eq!((kept.len(), gone), (2, vec!["192.0.2.3".to_owned()]));
    assert_eq!(trial.defender.take_changes(), (vec![], vec![]), "nothing changed since");
    let again = Defender::of(kept);
    assert_eq!(again.hosts(NOW, &trial.settings), trial.defender.hosts(NOW, &trial.settings));
    let mut again = again;
    again.expire(NOW + 31 * MINUTE, &trial.settings);
    let (kept, mut gone) = again.take_changes();
    gone.sort();
    assert_eq!((kept.len(), gone), (0, vec!["192.0.2.1".to_owned(), "192.0.2.2".to_owned()]));
}
