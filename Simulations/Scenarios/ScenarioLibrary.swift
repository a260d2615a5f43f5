public import SimulationKit

/// The scenarios that come with the program: the files of this folder, in the order in which they
/// are listed.
public enum ScenarioLibrary {
    private static let files = [
        PackageResources.steady_toml,
        PackageResources.cold_start_toml,
        PackageResources.single_origin_toml,
        PackageResources.all_origins_toml,
        PackageResources.burst_toml,
        PackageResources.loss_5_toml,
        PackageResources.loss_20_toml,
        PackageResources.loss_burst_toml,
        PackageResources.churn_5_toml,
        PackageResources.churn_20_toml,
        PackageResources.churn_60_toml,
        PackageResources.churn_empty_toml,
        PackageResources.crash_30_toml,
        PackageResources.crash_50_toml,
        PackageResources.crash_80_toml,
        PackageResources.crash_90_toml,
        PackageResources.partition_10_toml,
        PackageResources.partition_60_toml,
        PackageResources.partition_300_toml,
        PackageResources.partition_1800_toml,
        PackageResources.isolate_toml,
        PackageResources.one_way_toml,
        PackageResources.flapping_toml,
        PackageResources.late_joiner_toml,
        PackageResources.slow_peer_toml,
        PackageResources.disk_lies_toml,
        PackageResources.crash_disk_toml,
        PackageResources.disk_full_toml,
        PackageResources.clock_5s_toml,
        PackageResources.clock_59s_toml,
        PackageResources.clock_61s_toml,
        PackageResources.clock_hour_toml,
        PackageResources.clock_frozen_toml,
        PackageResources.join_storm_toml,
        PackageResources.reconnect_toml,
        PackageResources.duplication_toml,
        PackageResources.restore_toml,
        PackageResources.removed_toml,
        PackageResources.ring_toml,
        PackageResources.star_toml,
        PackageResources.streams_toml,
        PackageResources.regions_toml,
        PackageResources.slow_lines_toml,
        PackageResources.soak_toml,
        PackageResources.byz_forge_toml,
        PackageResources.byz_mutate_relay_toml,
        PackageResources.byz_replay_toml,
        PackageResources.byz_clock_toml,
        PackageResources.byz_equivocate_toml,
        PackageResources.byz_flood_toml,
        PackageResources.byz_ihave_toml,
        PackageResources.byz_graft_toml,
        PackageResources.byz_prune_toml,
        PackageResources.byz_silent_toml,
        PackageResources.byz_withhold_toml,
        PackageResources.byz_eclipse_toml,
        PackageResources.byz_root_lie_toml,
        PackageResources.byz_slowloris_toml,
        PackageResources.byz_joinstorm_toml,
        PackageResources.byz_rollback_toml,
    ]

    /// All of them. A file that can't be read is a mistake of whoever built the program.
    public static let plans: [ScenarioPlan] = files.map { bytes in
        do throws(ScenarioFileError) {
            return try ScenarioFile.plan(String(decoding: bytes, as: UTF8.self))
        } catch {
            preconditionFailure("a scenario of the library: \(error)")
        }
    }

    /// Those that take too long to be among `all`: hours of virtual time.
    public static let long = ["partition-1800", "clock-hour", "soak"]

    /// A few that together go through most of the engine.
    public static let smoke = [
        "steady", "loss-20", "churn-60", "partition-10", "restore", "clock-61s", "duplication",
        "disk-full",
    ]

    /// What the gossip layer is measured by: calm, and every fault that it must stand.
    public static let gossip = [
        "steady", "loss-5", "loss-20", "churn-5", "churn-20", "churn-60", "crash-50", "crash-80",
        "crash-90", "partition-10", "partition-60", "partition-300", "slow-peer",
    ]

    /// Names that stand for several.
    public static let groups = ["all", "smoke", "long", "gossip"]

    /// What a name stands for: a scenario, or a group; empty where it is neither.
    public static func plans(named name: String) -> [ScenarioPlan] {
        switch name {
        case "all": plans.filter { !long.contains($0.name) }
        case "smoke": plans.filter { smoke.contains($0.name) }
        case "gossip": plans.filter { gossip.contains($0.name) }
        case "long": plans.filter { long.contains($0.name) }
        default: plans.filter { $0.name == name }
        }
    }
}
