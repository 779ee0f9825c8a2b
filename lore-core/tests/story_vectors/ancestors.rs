//! Ancestors by the thousand, for the limits of linking.

use lore_core::Address;

use crate::world::World;

/// The recording wrote that many parents straight into the node's graph. Here they are real: a line of IPs with up to
/// 16 parents each, in a collection of their own so that the tokens of the case keep their numbers. Two IPs that ask
/// for the same number get the same ancestors.
pub(crate) fn give_ancestors(world: &mut World, ip: &str, count: u64) {
    let collection = Address::from_bytes([0xaa; 20]);
    let terms_id = world.terms_id("DEFAULT");
    let top = format!("ancestors-{count}");
    if !world.names.contains_key(&top) {
        let mut below: Option<String> = None;
        let mut left = count;
        while left > 0 {
            let roots = (left - 1).min(if below.is_some() { 15 } else { 16 });
            let mut parents: Vec<String> = (0..roots).map(|index| format!("{top}/{left}/{index}")).collect();
            for root in &parents {
                world.new_ip_in(collection, root, "alice");
                world.attach(root, terms_id);
            }
            parents.extend(below.take());
            let name = format!("{top}/{left}");
            world.new_ip_in(collection, &name, "alice");
            if parents.is_empty() {
                world.attach(&name, terms_id);
            } else {
                let parents: Vec<_> = parents.iter().map(String::as_str).collect();
                world.must("alice", world.link(&name, &parents, terms_id));
            }
            below = Some(name);
            left -= roots + 1;
        }
        let last = world.ip(&below.unwrap());
        world.name(&top, last);
    }
    let owner = world.owner(ip);
    let link = world.link(ip, &[&top], terms_id);
    world.must(&owner, link);
    let found = world.ledger.ip(&world.ip(ip)).unwrap().ancestor_count;
    assert_eq!(found, count, "ancestors of {ip}");
}
