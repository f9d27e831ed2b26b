using Espalier.Runs.Storage;

namespace Espalier.Runs.Studies;

public enum ItemState
{
    /// <summary>What comes before is not done.</summary>
    Waiting,

    /// <summary>It could begin.</summary>
    Ready,

    /// <summary>Someone who lives holds its lease.</summary>
    Running,
    Done,

    /// <summary>Its training diverged, or that of what it builds on.</summary>
    Diverged,
}

/// <summary>How far a study is, told by its store alone: whatever makes it, and wherever.</summary>
/// <param name="Kinds">Of the machines that measured: how many groups, by identity.</param>
public sealed record StudyState(
    IReadOnlyList<(GraphItem Item, ItemState State, LeaseOwner? Owner)> Items,
    IReadOnlyDictionary<string, int> Kinds
)
{
    /// <summary>Keys of items whose owner is gone without a word.</summary>
    public IReadOnlySet<string> Lost { get; init; } = new HashSet<string>();

    public bool IsOver => Items.All(i => IsOverIn(i.State));

    /// <summary>Share of the work that is done, by what it takes.</summary>
    public double Share
    {
        get
        {
            double all = Items.Sum(i => Cost(i.Item));
            return all > 0 ? Items.Where(i => IsOverIn(i.State)).Sum(i => Cost(i.Item)) / all : 1;
        }
    }

    public static bool IsOverIn(ItemState state) => state is ItemState.Done or ItemState.Diverged;

    public int Count(ItemState state) => Items.Count(i => i.State == state);

    public ItemState Of(string key) => Items.First(i => i.Item.Key == key).State;

    /// <param name="graph">Of the study, whole.</param>
    public static StudyState Of(Store store, StudyGraph graph)
    {
        IReadOnlyList<StoredAction> stored = store.Actions();
        Dictionary<string, StoredAction> actions = stored.ToDictionary(a => a.Key);
        IReadOnlyDictionary<string, LeaseOwner> leases = Lease.All(store);
        Dictionary<string, ItemState> states = [];
        Dictionary<string, int> kinds = [];
        List<(GraphItem, ItemState, LeaseOwner?)> items = [];
        foreach (GraphItem item in graph.Items)
        {
            LeaseOwner? owner = leases.GetValueOrDefault(item.Key);
            ItemState state = item.Measures ? Measured(item, owner) : Made(item, owner);
            states[item.Key] = state;
            items.Add((item, state, owner));
        }

        return new StudyState(items, kinds) { Lost = Lease.Lost(store) };

        ItemState Made(GraphItem item, LeaseOwner? owner) =>
            actions.TryGetValue(item.Key, out StoredAction? action)
                ? action.Kind == ActionKind.Failure
                    ? ItemState.Diverged
                    : ItemState.Done
                : item.Needs.Any(n => states[n] == ItemState.Diverged)
                    ? ItemState.Diverged
                    : owner is not null
                        ? ItemState.Running
                        : item.Needs.All(n => states[n] == ItemState.Done)
                            ? ItemState.Ready
                            : ItemState.Waiting;

        ItemState Measured(GraphItem item, LeaseOwner? owner)
        {
            // What diverged is left out: then it is measured of the others.
            HashSet<string> wanted = [.. item.Needs.Where(n => states[n] != ItemState.Diverged)];
            StoredAction[] found =
            [
                .. StudyMeasuring
                    .Of(item.Needs, item.How, stored)
                    .Where(a => wanted.SetEquals(a.Inputs)),
            ];
            foreach (string kind in found.Select(f => f.Machine!).Distinct())
            {
                kinds[kind] = kinds.GetValueOrDefault(kind) + 1;
            }

            return wanted.Count == 0 ? ItemState.Diverged
                : found.Length > 0 ? ItemState.Done
                : owner is not null ? ItemState.Running
                : item.Needs.All(n => IsOverIn(states[n])) ? ItemState.Ready
                : ItemState.Waiting;
        }
    }

    static double Cost(GraphItem item) => Math.Max(0.1, item.CoreSeconds);
}
