using System;
using System.Collections.Generic;
using Text = System.Text.StringBuilder;
using static System.Math;

namespace Harbour.Berths;

/// <summary>Told whenever a ship arrives.</summary>
public delegate void Arrived(Ship ship, DateTime when);

public interface IBerth
{
    /// How deep the water is, in metres.
    double DepthMetres { get; }
    bool Fits(Ship ship);
}

public enum Cargo { Grain, Ore = 4, Cars }

/** A ship as the harbour sees it. */
[Serializable]
public record Ship(string Name, double DraughtMetres)
{
    public const int MostContainers = 24_000;

    public string Label() => $"{Name} ({DraughtMetres} m)";
}

public readonly struct Position
{
    public readonly double North, East;

    public Position(double north, double east)
    {
        North = north;
        East = east;
    }

    public static Position operator +(Position left, Position right) => new Position(left.North + right.North, left.East + right.East);
}

public class Quay<TCrane> : IBerth where TCrane : class
{
    private static readonly List<Ship> waiting = new List<Ship>();
    private readonly Text log = new();

    public event Arrived? ShipArrived;

    // Measured last spring.
    public double DepthMetres { get; private set; } = 12.5;

    public Quay(double depth)
    {
        DepthMetres = Max(depth, 0);
    }

    [Obsolete("Ask the pilot.")]
    public bool Fits(Ship ship)
    {
        bool Deep() { return ship.DraughtMetres < DepthMetres; }
        return Deep();
    }

    public Ship this[int place] => waiting[place];

    public async System.Threading.Tasks.Task<Ship> Moor<T>(Ship ship, T crane)
    {
        foreach (var other in waiting)
        {
            log.Append(other.Label());
        }
        ShipArrived?.Invoke(ship, DateTime.Now);
        return ship;
    }

    private class Rope
    {
        public int LengthMetres;
    }
}

namespace Harbour.Pilots
{
    static class PilotExtensions
    {
        public static bool IsFree(this Ship ship) => true;
    }
}
