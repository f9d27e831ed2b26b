using Espalier.Server.Api;

namespace Espalier.Server.Batching;

/// <summary>What waits for a model.</summary>
abstract class Job
{
    /// <summary>By the server's clock.</summary>
    public required long Arrived { get; init; }

    /// <summary>Asked for by nobody any more: the client left, or its time is over.</summary>
    public required CancellationToken Left { get; init; }

    /// <summary>Ends it without an answer.</summary>
    public abstract void Fail(Refusal refusal);
}
