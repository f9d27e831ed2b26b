namespace Espalier.Cli.Parsing;

/// <summary>The command line asks for something that what it names cannot give; found after the files were read.</summary>
sealed class UsageException(string sentence) : Exception(sentence)
{
    /// <inheritdoc cref="Of{T}"/>
    public static void Of(Action call) =>
        Of(() =>
        {
            call();
            return true;
        });

    /// <summary>Runs a library call whose ArgumentException is about what the user wrote.</summary>
    public static T Of<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (ArgumentException e)
        {
            throw new UsageException(e.Message);
        }
    }
}
