//! Groups and folders, and who has them.

use entrepot_model::{BaseVirtualFolder, Group};
use serde_json::json;

use super::{events, system};
use crate::{
    admin::{folders, groups, users},
    login::tests::house,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_group_or_folder_that_is_saved_is_one_event_whoever_has_it() {
    // ACC-356
    let house = house(|_| {}).await;
    let group = || Group { name: "yard".into(), ..Group::default() };
    let mapped_path = house.folder.path().join("shared").to_string_lossy().into_owned();
    let folder = || BaseVirtualFolder { name: "shared".into(), mapped_path: mapped_path.clone(), ..BaseVirtualFolder::default() };
    groups::add(&house.core, &system(), group()).await.expect("group");
    folders::add(&house.core, &system(), folder()).await.expect("folder");
    let mut user = house.user("alice");
    user.groups = serde_json::from_value(json!([{ "name": "yard", "type": 1 }])).expect("groups");
    let mount = json!([{ "name": "shared", "virtual_path": "/shared", "quota_size": 0, "quota_files": 0 }]);
    user.virtual_folders = serde_json::from_value(mount).expect("folders");
    users::add(&house.core, &system(), user).await.expect("user");
    let before = events(&house).await.len();
    groups::update(&house.core, &system(), "yard", group()).await.expect("group");
    folders::update(&house.core, &system(), "shared", folder()).await.expect("folder");
    let mut found: Vec<_> = events(&house).await.into_iter().map(|event| (event.action, event.object_type)).collect();
    assert_eq!(found.len(), before + 2, "{found:?}");
    found.retain(|(action, _)| action == "update");
    found.sort();
    assert_eq!(found, [("update".to_owned(), "folder".to_owned()), ("update".to_owned(), "group".to_owned())]);
}
