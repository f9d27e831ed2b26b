namespace Espalier.Checkpoints;

/// <summary>An output that could not be written, said in one sentence; the HResult is the system's.</summary>
public sealed class OutputException : IOException
{
    internal OutputException(string sentence, Exception? cause = null)
        : base(sentence, cause)
    {
        HResult = cause?.HResult ?? HResult;
    }
}
