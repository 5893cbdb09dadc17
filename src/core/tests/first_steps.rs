//! What the first start tries out.

use std::{net::IpAddr, path::Path, sync::Arc};

use super::fixture::Fixture;
use crate::{
    Error, Examiner,
    admin::{
        AdminSession,
        first_steps::{addresses, choose_place, places},
    },
};

struct Outside;

impl Examiner for Outside {
    fn examine(&self) -> Vec<entrepot_model::doctor::Finding> {
        Vec::new()
    }

    fn addresses(&self, name: &str) -> std::result::Result<Vec<IpAddr>, String> {
        if name == "files.example.com" { Ok(vec![[192, 0, 2, 1].into()]) } else { Err(format!("{name} has no address")) }
    }
}

// UI-201
#[tokio::test]
async fn folder_in_use_comes_first_and_was_tried_out() {
    let fixture = Fixture::new().await;
    let session = AdminSession::system();
    let typed = fixture.directory("typed");
    let places = places(&fixture.core, &session, Some(&typed)).await.unwrap();
    assert_eq!(places[0].path, Path::new(&typed));
    assert!(places[0].trial.is_ok() && places[0].total >= places[0].free && !places[0].is_current, "{places:?}");
    let current = places.iter().find(|place| place.is_current).unwrap();
    assert!(current.is_default, "{current:?}");
}

// UI-201
#[tokio::test]
async fn folders_around_the_servers_own_data_are_no_places() {
    let fixture = Fixture::new().await;
    let session = AdminSession::system();
    let data = fixture.core.data_directory().to_string_lossy().into_owned();
    for wrong in ["/", "not/absolute", data.as_str(), "/proc/self/entrepot"] {
        let refused = choose_place(&fixture.core, &session, wrong).await.unwrap_err();
        assert!(matches!(&refused, Error::Invalid { field, .. } if field == "path"), "{wrong}: {refused:?}");
    }
}

// UI-200
#[tokio::test]
async fn names_are_looked_up_before_they_are_saved() {
    let fixture = Fixture::new().await;
    fixture.core.services().examine_with(Arc::new(Outside));
    let session = AdminSession::system();
    assert_eq!(addresses(&fixture.core, &session, "files.example.com").await.unwrap().len(), 1);
    for wrong in ["nowhere.example.com", "localhost", "192.0.2.1", "a b.example", "x..example"] {
        let refused = addresses(&fixture.core, &session, wrong).await.unwrap_err();
        assert!(matches!(&refused, Error::Invalid { field, .. } if field == "domain"), "{wrong}: {refused:?}");
    }
}
