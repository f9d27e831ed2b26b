using Espalier.Training.Collective;

namespace Espalier.Tests.Training.Collective;

/// <summary>Groups of threads that meet over loopback as processes do.</summary>
static class Together
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Runs each rank on a thread of its own.</summary>
    /// <returns>What each gave, by rank.</returns>
    public static T[] Run<T>(int size, Func<Communicator, T> work) =>
        [.. Ends(size, work).Select(e => e.Failure is null ? e.Value! : throw e.Failure)];

    /// <returns>What each gave or failed with, by rank.</returns>
    public static (T? Value, Exception? Failure)[] Ends<T>(int size, Func<Communicator, T> work)
    {
        string folder = Directory.CreateTempSubdirectory("espalier-together").FullName;
        (T?, Exception?)[] ends = new (T?, Exception?)[size];
        Thread[] threads =
        [
            .. Enumerable
                .Range(0, size)
                .Select(rank => new Thread(() =>
                {
                    try
                    {
                        using Communicator all = Meet(rank, size, Path.Combine(folder, "meeting"));
                        ends[rank] = (work(all), null);
                    }
                    catch (Exception e)
                    {
                        ends[rank] = (default, e);
                    }
                })),
        ];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        Directory.Delete(folder, recursive: true);
        return ends;
    }

    public static Communicator Meet(
        int rank,
        int size,
        string file,
        string purpose = "test",
        Action? look = null
    ) =>
        Meeting.Of(
            new MeetingPlace(rank, size, file, IsHere: true),
            purpose,
            Patience,
            look,
            TestContext.Current.CancellationToken
        );
}
