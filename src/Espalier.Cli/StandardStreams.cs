using System.Runtime.InteropServices;

namespace Espalier.Cli;

/// <summary>
/// The three streams of the process, as they were when it was started. A descriptor that the caller had closed is by now a
/// file or pipe that .NET opened for itself: reading from it never ends, and results written into it would damage what it is.
/// </summary>
static class StandardStreams
{
    const int GetFlags = 1;
    const int CloseOnExec = 1;

    public static Stream Input() =>
        IsOpen(0)
            ? System.Console.OpenStandardInput()
            : new ClosedStream("Standard input is closed; name a file, or send the texts to it.");

    public static Stream Output() =>
        IsOpen(1)
            ? System.Console.OpenStandardOutput()
            : new ClosedStream(
                "Standard output is closed, so the result cannot be printed; open it, or name a file with --output where a command has it."
            );

    /// <summary>What is said here is dropped where nobody can hear it: no work ends for a note.</summary>
    public static Stream Error() =>
        IsOpen(2) ? new LossyStream(System.Console.OpenStandardError()) : Stream.Null;

    /// <summary>
    /// What was handed over to this program outlived exec, which is what the mark forbids; .NET puts it on all that it opens.
    /// </summary>
    static bool IsOpen(int descriptor)
    {
        if (System.OperatingSystem.IsWindows())
        {
            return true;
        }

        int flags = fcntl(descriptor, GetFlags);
        return flags >= 0 && (flags & CloseOnExec) == 0;
    }

    [DllImport("libc", SetLastError = true)]
    static extern int fcntl(int descriptor, int command);

    /// <summary>Refuses to be read or written, with a sentence.</summary>
    sealed class ClosedStream(string why) : OneWayStream
    {
        public override int Read(byte[] buffer, int offset, int count) =>
            throw new IOException(why);

        public override void Write(byte[] buffer, int offset, int count) =>
            throw new IOException(why);
    }

    /// <summary>Passes on what it can, and drops the rest from the first failure on.</summary>
    sealed class LossyStream(Stream stream) : OneWayStream
    {
        bool _lost;

        public override int Read(byte[] buffer, int offset, int count) =>
            throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count)
        {
            if (_lost)
            {
                return;
            }

            try
            {
                stream.Write(buffer, offset, count);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _lost = true;
            }
        }
    }
}

/// <summary>A stream without places, which is all that standard streams are.</summary>
abstract class OneWayStream : Stream
{
    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
