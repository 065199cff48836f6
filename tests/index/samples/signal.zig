//! Lights along the railway.
const std = @import("std");
const track = @import("track.zig");
const Allocator = std.mem.Allocator;

/// How many lights one box can drive.
pub const max_lights: u8 = 32;
var active: usize = 0;
threadlocal var scratch: [64]u8 = undefined;

pub const Error = error{ Dark, NoPower };

/// What a light shows.
pub const Aspect = enum(u2) {
    stop,
    caution = 2,
    go,

    pub fn isSafe(self: Aspect) bool {
        return self == .go;
    }
};

/// One light, with its place.
pub const Light = struct {
    aspect: Aspect = .stop,
    metres: f64,

    const Self = @This();
    pub const limit = 10;

    /// Makes one that shows stop.
    pub fn init(allocator: Allocator, metres: f64) !Self {
        const copy = try allocator.create(Light);
        _ = copy;
        return Self{ .metres = metres };
    }

    fn blink(self: *Self) void {
        self.aspect = track.next(self.aspect);
    }
};

const Power = union(enum) {
    battery: u32,
    grid,
};

// Each box has its own type.
pub fn Box(comptime T: type) type {
    return struct {
        items: []T,

        pub fn len(self: @This()) usize {
            return self.items.len;
        }
    };
}

export fn reset() callconv(.C) void {
    active = 0;
    const inside = 1;
    std.debug.print("{d}\n", .{inside});
}

extern "c" fn rail_voltage() c_int;

test "a new light shows stop" {
    const light = try Light.init(std.testing.allocator, 4);
    try std.testing.expect(!light.aspect.isSafe());
}
