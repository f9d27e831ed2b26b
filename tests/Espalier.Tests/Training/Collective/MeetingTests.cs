using System.Net;
using System.Net.Sockets;
using Espalier.Training.Collective;

namespace Espalier.Tests.Training.Collective;

public sealed class MeetingTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("espalier-meeting").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    string FileOf => Path.Combine(_folder, "meeting");

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Strangers_that_connect_keep_nobody_out_and_learn_nothing()
    {
        Task<Communicator> first = Task.Run(() => Together.Meet(0, 2, FileOf), Stop);
        string[] lines = await Written();
        IPEndPoint address = IPEndPoint.Parse(lines[2]);
        foreach (
            byte[] said in (byte[][])
                [
                    "GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nUser-Agent: somebody\r\n\r\n"u8.ToArray(),
                    new byte[100],
                    [],
                ]
        )
        {
            using Socket stranger = new(
                AddressFamily.InterNetwork,
                SocketType.Stream,
                ProtocolType.Tcp
            );
            await stranger.ConnectAsync(address, Stop);
            int answered;
            try
            {
                await stranger.SendAsync(said, Stop);
                stranger.Shutdown(SocketShutdown.Send);
                answered = await stranger.ReceiveAsync(new byte[1], Stop);
            }
            catch (SocketException)
            {
                answered = 0; // cut off while it still spoke
            }

            Assert.Equal(0, answered);
        }

        using Communicator second = Together.Meet(1, 2, FileOf),
            joined = await first;
        Assert.False(File.Exists(FileOf));
    }

    [Fact]
    public async Task Who_has_another_secret_does_not_get_in()
    {
        Task<Communicator> first = Task.Run(() => Together.Meet(0, 2, FileOf), Stop);
        string[] lines = await Written();
        string forged = FileOf + "-forged";
        File.WriteAllLines(forged, [lines[0], new string('0', 64), lines[2]]);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(forged, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        int looks = 0;
        Assert.Throws<TimeoutException>(() =>
            Together.Meet(
                1,
                2,
                forged,
                look: () => _ = ++looks > 3 ? throw new TimeoutException() : 0
            )
        );
        Assert.False(first.IsCompleted);
        using Communicator second = Together.Meet(1, 2, FileOf),
            joined = await first;
    }

    [Fact]
    public async Task Processes_that_were_started_for_different_work_refuse_each_other()
    {
        Task<LostProcessException> first = Task.Run(
            () => Assert.Throws<LostProcessException>(() => Together.Meet(0, 2, FileOf, "one")),
            Stop
        );
        LostProcessException second = Assert.Throws<LostProcessException>(() =>
            Together.Meet(1, 2, FileOf, "two")
        );
        Assert.Contains("started for another work", second.Message);
        Assert.Equal(second.Message, (await first).Message);
    }

    [Fact]
    public void A_file_that_others_can_read_is_no_secret()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Files have no modes there.");
        File.WriteAllLines(FileOf, ["espalier meeting 1", new string('0', 64), "127.0.0.1:1"]);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(FileOf, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        }

        Assert.Contains(
            "open to others",
            Assert.Throws<InvalidDataException>(() => Together.Meet(1, 2, FileOf)).Message
        );
    }

    [Theory]
    [InlineData("", "", "", null)]
    [InlineData("1", "4", "", "1 of 4 at /store/meeting-7-0")]
    [InlineData("0", "1", "", null)]
    [InlineData("2", "3", "", "3 processes were asked to train together; 2, 4, 8")]
    [InlineData("5", "4", "", "SLURM_PROCID is '5'; a whole number from 0 to 3 was expected.")]
    [InlineData("1", "4", "2", "ESPALIER_PROCESSES is 2, and ESPALIER_RANK is not set.")]
    public void The_environment_says_who_trains_together(
        string rank,
        string tasks,
        string own,
        string? expected
    )
    {
        Dictionary<string, string> environment = new()
        {
            ["SLURM_JOB_ID"] = "7",
            ["SLURM_STEP_ID"] = "0",
            ["SLURM_PROCID"] = rank,
            ["SLURM_STEP_NUM_TASKS"] = tasks,
            [MeetingPlace.SizeName] = own,
        };
        string? found;
        try
        {
            MeetingPlace? place = MeetingPlace.Of(environment.GetValueOrDefault, "/store");
            found = place is null ? null : $"{place.Rank} of {place.Size} at {place.File}";
        }
        catch (ArgumentException e)
        {
            found = e.Message;
        }

        Assert.StartsWith(expected ?? "null", found ?? "null");
    }

    async Task<string[]> Written()
    {
        while (!File.Exists(FileOf))
        {
            await Task.Delay(10, Stop);
        }

        return await File.ReadAllLinesAsync(FileOf, Stop);
    }
}
