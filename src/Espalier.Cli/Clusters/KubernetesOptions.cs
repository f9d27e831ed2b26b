namespace Espalier.Cli.Clusters;

/// <summary>What pods of a study are made of, beside the study itself.</summary>
/// <param name="Image">A container image with a shell and the command <c>espalier</c>.</param>
/// <param name="Claim">A PersistentVolumeClaim that many nodes may write, whose volume holds the store.</param>
/// <param name="Threads">That a pod gets, as processors that are its own.</param>
sealed record KubernetesOptions(string Image, string Claim, int Threads)
{
    /// <summary>Null: that of the current context, else <c>default</c>.</summary>
    public string? Namespace { get; init; }

    /// <summary>Where the store lies in the volume; empty: the volume is the store.</summary>
    public string Path { get; init; } = "";

    /// <summary>Most pods of one Job at once; null: as many as there is room for.</summary>
    public int? AtOnce { get; init; }

    /// <summary>A label and its value that all nodes carry on which times are taken; null: the cluster has one kind of node.</summary>
    public (string Label, string Value)? Kind { get; init; }
}
