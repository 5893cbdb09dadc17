//! The pages of users, below `/web/client`.

use actix_web::web::ServiceConfig;

use crate::{
    door,
    frame::{Area, ClientPage},
    me,
};

/// All of them.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config.configure(door::routes(Area::Client)).configure(me::routes::<ClientPage>);
}
