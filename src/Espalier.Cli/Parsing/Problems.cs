namespace Espalier.Cli.Parsing;

/// <summary>What is wrong with a command line, collected so that all of it is told before any work starts.</summary>
sealed class Problems
{
    readonly List<string> _sentences = [];
    bool _usage;

    public IReadOnlyList<string> Sentences => _sentences;

    /// <summary>Wrong usage outweighs missing files: correcting the line may name other files.</summary>
    public int Code => _usage ? ExitCode.Usage : ExitCode.Refused;

    /// <summary>The line itself is wrong.</summary>
    public void Usage(string sentence)
    {
        _sentences.Add(sentence);
        _usage = true;
    }

    /// <summary>The line is well formed and something it names is missing.</summary>
    public void Refuse(string sentence) => _sentences.Add(sentence);

    /// <summary>What parses the user's words throws ArgumentExceptions; here they are problems like the others.</summary>
    public void Try(Action parse)
    {
        try
        {
            parse();
        }
        catch (ArgumentException e)
        {
            Usage(e.Message);
        }
    }

    public void NeedFile(string option, string path)
    {
        if (!File.Exists(path))
        {
            Refuse(
                Directory.Exists(path)
                    ? $"{option} {path} is a folder; a file was expected."
                    : $"{option} {path}: there is no such file; check the path."
            );
        }
    }

    /// <summary>Something can be made there, seen by making and removing a file in the nearest folder that exists.</summary>
    public void NeedWritable(string option, string path)
    {
        string? folder = Path.GetFullPath(path);
        while (folder is not null && !Directory.Exists(folder))
        {
            folder = Path.GetDirectoryName(folder);
        }

        try
        {
            string probe = Path.Combine(folder ?? ".", $".espalier-{Environment.ProcessId}.probe");
            File.WriteAllText(probe, "");
            File.Delete(probe);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Refuse(
                $"{option} {path}: nothing can be written there ({e.Message.TrimEnd('.')}); name another place."
            );
        }
    }

    public void NeedFolder(string option, string path)
    {
        if (!Directory.Exists(path))
        {
            Refuse(
                File.Exists(path)
                    ? $"{option} {path} is a file; a folder was expected."
                    : $"{option} {path}: there is no such folder; check the path."
            );
        }
    }
}
