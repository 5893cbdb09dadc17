//! Event rules: which trigger, under which conditions, does what in which order.

use entrepot_core::{
    Core, Result,
    admin::{AdminSession, ListOptions, Sort, event_rules},
};
use entrepot_model::{AdminPermission as P, EventRule};
use serde_json::{Value, json};

use super::{
    cells::{self, Cell},
    fields::{Card, Field, Kind, Lists},
    object::{Column, Filter, Object, Rights, names},
};
use crate::frame::{Form, Look};

pub(super) const FS_EVENTS: [&str; 13] = [
    "upload",
    "download",
    "delete",
    "rename",
    "mkdir",
    "rmdir",
    "copy",
    "ssh_cmd",
    "pre-upload",
    "pre-download",
    "pre-delete",
    "first-upload",
    "first-download",
];
const TRIGGERS: [(i64, &str); 7] =
    [(1, "on_files"), (2, "on_objects"), (3, "on_time"), (6, "on_demand"), (4, "on_ban"), (5, "on_certificate"), (7, "on_idp")];
const STATUS: [(i64, &str); 2] = [(1, "enabled"), (0, "disabled")];
const PROTOCOLS: [&str; 8] = ["SFTP", "SCP", "SSH", "FTP", "DAV", "HTTP", "HTTPShare", "OIDC"];
const OBJECTS: [&str; 12] = [
    "user",
    "folder",
    "group",
    "admin",
    "api_key",
    "share",
    "event_action",
    "event_rule",
    "role",
    "ip_list_entry",
    "configs",
    "license",
];
const STATUSES: [(i64, &str); 3] = [(1, "status_ok"), (2, "status_failed"), (3, "status_quota")];
const PATTERNS: [Field; 2] = [Field::new("pattern", Kind::Code), Field::new("inverse_match", Kind::Tick)];
const PATHS: [Field; 3] =
    [Field::new("pattern", Kind::Code), Field::new("inverse_match", Kind::Tick), Field::new("match_fs_path", Kind::Tick)];
const TIMES: [Field; 5] = [
    Field::new("minute", Kind::Text),
    Field::new("hour", Kind::Text),
    Field::new("day_of_week", Kind::Text).named("cron_weekday"),
    Field::new("day_of_month", Kind::Text),
    Field::new("month", Kind::Text),
];
const ACTIONS: [Field; 6] = [
    Field::new("name", Kind::Suggest("actions")).named("action"),
    Field::new("order", Kind::Number("plain")),
    Field::new("relation_options.stop_on_failure", Kind::Tick),
    Field::new("relation_options.is_failure_action", Kind::Tick),
    Field::new("relation_options.execute_sync", Kind::Tick),
    Field::new("relation_options.execute_before_file_publish", Kind::Tick),
];
const WHEN: [Field; 6] = [
    Field::new("status", Kind::Numbers(&STATUS)),
    Field::new("trigger", Kind::Variants(&TRIGGERS)),
    Field::new("conditions.fs_events", Kind::Picks(&FS_EVENTS)).of_variant(1),
    Field::new("conditions.provider_events", Kind::Picks(&["add", "update", "delete"])).of_variant(2),
    Field::new("conditions.schedules", Kind::Rows(&TIMES)).of_variant(3),
    Field::new("conditions.idp_login_event", Kind::Numbers(&[(0, "idp_any"), (1, "idp_user"), (2, "idp_admin")])).of_variant(7),
];
const CONDITIONS: [Field; 9] = [
    Field::new("conditions.options.names", Kind::Rows(&PATTERNS)).named("match_names"),
    Field::new("conditions.options.group_names", Kind::Rows(&PATTERNS)).named("match_groups"),
    Field::new("conditions.options.role_names", Kind::Rows(&PATTERNS)).named("match_roles"),
    Field::new("conditions.options.fs_paths", Kind::Rows(&PATHS)).named("match_paths"),
    Field::new("conditions.options.protocols", Kind::Picks(&PROTOCOLS)).named("match_protocols"),
    Field::new("conditions.options.provider_objects", Kind::Picks(&OBJECTS)).named("match_objects"),
    Field::new("conditions.options.event_statuses", Kind::Set(&STATUSES)).named("match_statuses"),
    Field::new("conditions.options.min_size", Kind::Bytes),
    Field::new("conditions.options.max_size", Kind::Bytes),
];
const DOES: [Field; 1] = [Field::new("actions", Kind::Rows(&ACTIONS))];
const BASICS: [Field; 1] = [Field::new("description", Kind::Area)];

const CARDS: [Card; 4] = [
    Card { id: "when", icon: "clock", fields: &WHEN },
    Card { id: "conditions", icon: "filter", fields: &CONDITIONS },
    Card { id: "does", icon: "automation", fields: &DOES },
    Card { id: "basics", icon: "file", fields: &BASICS },
];

impl Object for EventRule {
    const ONE: &'static str = "eventrule";
    const MANY: &'static str = "eventrules";
    const PLACE: &'static str = "automation";
    const COLUMNS: &'static [Column] = &[
        Column::new("trigger").by(Sort::Kind),
        Column::new("actions"),
        Column::new("created").by_most(Sort::Created).extra(),
        Column::new("status").by_most(Sort::Status),
    ];
    const FILTERS: &'static [Filter] = &[Filter::State { ends: false }, Filter::Kind(&TRIGGERS)];
    const HAS_STATUS: bool = true;
    const CREATE: &'static [Field] =
        &[Field::new("name", Kind::Text).named("object_name").required(), WHEN[1], WHEN[2], WHEN[3], WHEN[4], WHEN[5], DOES[0]];

    fn cards() -> &'static [Card] {
        &CARDS
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn line(&self, look: &Look) -> (String, Vec<Cell>) {
        let label = TRIGGERS.into_iter().find(|(trigger, _)| *trigger == self.trigger).map_or("", |(_, label)| label);
        let trigger = look.t.find(&format!("option.{label}")).unwrap_or_default();
        let actions: Vec<&str> = self.actions.iter().map(|action| action.action.name.as_str()).collect();
        let cells = vec![
            cells::named(trigger, self.trigger),
            cells::tags(&actions),
            cells::time(look, self.created_at),
            cells::status(look, self.is_enabled(), 0),
        ];
        (self.description.lines().next().unwrap_or_default().to_owned(), cells)
    }

    fn rights(session: &AdminSession) -> Rights {
        Rights::all(session.may(P::Any))
    }

    fn blank(_: &Core, _: &str) -> Value {
        json!({ "status": 1, "trigger": 1 })
    }

    async fn lists(core: &Core, session: &AdminSession) -> Lists {
        vec![("actions", names(core, session, "actions").await)]
    }

    async fn list(core: &Core, session: &AdminSession, options: ListOptions) -> Result<Vec<Self>> {
        event_rules::list(core, session, options).await
    }

    async fn count(core: &Core, session: &AdminSession, options: ListOptions) -> Result<u64> {
        event_rules::count(core, session, options).await
    }

    async fn get(core: &Core, session: &AdminSession, name: &str) -> Result<Self> {
        event_rules::get(core, session, name, false).await
    }

    async fn add(self, core: &Core, session: &AdminSession) -> Result<Self> {
        event_rules::add(core, session, self).await
    }

    async fn update(self, core: &Core, session: &AdminSession, name: &str, _: &Form) -> Result<()> {
        event_rules::update(core, session, name, self).await.map(|_| ())
    }

    async fn delete(core: &Core, session: &AdminSession, name: &str) -> Result<()> {
        event_rules::delete(core, session, name).await
    }

    async fn set_status(core: &Core, session: &AdminSession, name: &str, is_enabled: bool) -> Result<bool> {
        event_rules::set_status(core, session, name, is_enabled).await
    }
}
