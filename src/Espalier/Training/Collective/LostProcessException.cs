namespace Espalier.Training.Collective;

/// <summary>Another process of the group ended, failed or fell silent; what was saved is gone on with by the next call.</summary>
public sealed class LostProcessException(string message, Exception? cause = null)
    : Exception(message, cause);
