namespace Espalier.Runs.Clusters;

/// <summary>What Slurm is asked for beside the study itself.</summary>
public sealed record SlurmOptions
{
    /// <summary>Null: the cluster's own.</summary>
    public string? Partition { get; init; }

    /// <summary>Of each job, as sbatch reads it; null: the partition's own. A stage that is longer is saved and goes on in the next job.</summary>
    public string? Time { get; init; }

    /// <summary>Most tasks of one array at once; null: as many as there is room for.</summary>
    public int? AtOnce { get; init; }

    /// <summary>Cores of a job that trains; null: the cluster's own.</summary>
    public int? Cores { get; init; }

    /// <summary>A feature of the nodes that measure (sbatch's --constraint), where a partition has several kinds.</summary>
    public string? Kind { get; init; }

    /// <summary>Further options of sbatch, such as an account.</summary>
    public IReadOnlyList<string> Further { get; init; } = [];

    /// <summary>How long before a job's time is up a training is told to save itself.</summary>
    public int WarningSeconds { get; init; } = 120;
}
