namespace Espalier.Hub;

/// <summary>The hub cannot be reached, is too busy, or does not let one in; said in one sentence. Later, or with a token, it may.</summary>
public sealed class HubException : IOException
{
    internal HubException(string sentence, Exception? cause = null)
        : base(sentence, cause) { }
}
