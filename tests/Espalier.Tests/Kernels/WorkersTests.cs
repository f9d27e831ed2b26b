using Espalier.Kernels;

namespace Espalier.Tests.Kernels;

public sealed class WorkersTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Every_block_is_done_exactly_once_in_every_job(int threads)
    {
        using Workers workers = new(threads);
        int[] done = new int[40];
        for (int job = 0; job < 3000; job++)
        {
            // Some jobs come at once, some when threads have gone to sleep.
            if (job % 1000 == 999)
            {
                Thread.Sleep(2);
            }

            int blocks = job % done.Length;
            Array.Clear(done);
            workers.Run(blocks, new Marking(done));
            for (int i = 0; i < done.Length; i++)
            {
                Assert.True(
                    done[i] == (i < blocks ? 1 : 0),
                    $"job {job} of {blocks} blocks: block {i} was done {done[i]} times"
                );
            }
        }
    }

    // Both blocks are held until both are begun, so each thread has the one that it takes first.
    [Fact]
    public void The_caller_begins_at_the_front_and_the_next_thread_at_the_back()
    {
        using Workers workers = new(2);
        using Barrier both = new(2);
        for (int job = 0; job < 50; job++)
        {
            int[] threads = new int[2];
            workers.Run(
                2,
                block =>
                {
                    threads[block] = Environment.CurrentManagedThreadId;
                    both.SignalAndWait(TestContext.Current.CancellationToken);
                }
            );
            Assert.Equal(Environment.CurrentManagedThreadId, threads[0]);
            Assert.NotEqual(threads[0], threads[1]);
        }
    }

    [Fact]
    public void A_job_may_have_more_blocks_than_the_ticket_counts()
    {
        using Workers workers = new(2);
        int[] done = new int[(1 << 20) + 5];
        workers.Run(done.Length, new Marking(done));
        Assert.DoesNotContain(done, times => times != 1);
    }

    [Fact]
    public void Several_callers_at_once_each_get_their_own_blocks()
    {
        using Workers workers = new(3);
        string?[] wrong = new string?[4];
        Thread[] callers =
        [
            .. Enumerable
                .Range(0, wrong.Length)
                .Select(caller => new Thread(() =>
                {
                    int[] done = new int[17];
                    for (int job = 1; job <= 2000; job++)
                    {
                        workers.Run(done.Length, new Marking(done));
                        if (done.Any(times => times != job))
                        {
                            wrong[caller] ??= $"after job {job}: {string.Join(' ', done)}";
                        }
                    }
                })),
        ];
        foreach (Thread caller in callers)
        {
            caller.Start();
        }

        foreach (Thread caller in callers)
        {
            caller.Join();
        }

        Assert.All(wrong, Assert.Null);
    }

    [Fact]
    public void A_job_may_run_jobs_on_its_own_workers()
    {
        using Workers workers = new(3);
        int[] done = new int[12 * 12];
        workers.Run(12, outer => workers.Run(12, inner => done[outer * 12 + inner]++));
        Assert.All(done, times => Assert.Equal(1, times));
    }

    [Fact]
    public void Workers_that_call_each_other_do_not_wait_for_each_other()
    {
        using Workers some = new(2),
            others = new(2);
        int done = 0;
        Thread other = new(() =>
            others.Run(50, _ => some.Run(10, _ => Interlocked.Increment(ref done)))
        );
        other.Start();
        some.Run(50, _ => others.Run(10, _ => Interlocked.Increment(ref done)));
        other.Join();
        Assert.Equal(1000, done);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    public void An_exception_in_a_block_comes_to_the_caller_and_the_next_job_runs(int threads)
    {
        using Workers workers = new(threads);
        for (int job = 0; job < 200; job++)
        {
            int bad = job % 20;
            InvalidDataException e = Assert.Throws<InvalidDataException>(() =>
                workers.Run(
                    20,
                    block =>
                    {
                        if (block == bad)
                        {
                            throw new InvalidDataException($"block {block}");
                        }
                    }
                )
            );
            Assert.Equal($"block {bad}", e.Message);
            int[] done = new int[20];
            workers.Run(20, new Marking(done));
            Assert.All(done, times => Assert.Equal(1, times));
        }
    }

    [Fact]
    public void The_caller_does_not_wait_for_a_thread_that_does_not_come()
    {
        using ManualResetEventSlim mayCome = new(false);
        using (Workers workers = new(2, mayCome.Wait))
        {
            int[] done = new int[100];
            workers.Run(done.Length, new Marking(done));
            Assert.All(done, times => Assert.Equal(1, times));

            // Late, it finds nothing to do in jobs that are over, and helps in those that come.
            mayCome.Set();
            int caller = Environment.CurrentManagedThreadId,
                helped = 0;
            while (helped == 0)
            {
                workers.Run(
                    2,
                    _ =>
                    {
                        if (Environment.CurrentManagedThreadId == caller)
                        {
                            Thread.Sleep(1);
                        }
                        else
                        {
                            helped++;
                        }
                    }
                );
            }

            Assert.All(done, times => Assert.Equal(1, times));
        }
    }

    [Fact]
    public void A_caller_whose_last_block_is_elsewhere_sleeps_and_is_woken()
    {
        using Workers workers = new(2);
        for (int job = 0; job < 20; job++)
        {
            int caller = Environment.CurrentManagedThreadId,
                done = 0;
            workers.Run(
                2,
                _ =>
                {
                    if (Environment.CurrentManagedThreadId != caller)
                    {
                        Thread.Sleep(3);
                    }

                    Interlocked.Increment(ref done);
                }
            );
            Assert.Equal(2, done);
        }
    }

    [Fact]
    public void Nothing_is_allocated_by_a_job_that_is_a_struct()
    {
        foreach (int threads in new[] { 1, 2 })
        {
            using Workers workers = new(threads);
            int[] done = new int[40];
            HundredJobs();
            Assert.Equal(0, Allocation.Least(HundredJobs));

            void HundredJobs()
            {
                for (int job = 0; job < 100; job++)
                {
                    workers.Run(done.Length, new Marking(done));
                }
            }
        }
    }

    [Fact]
    public void Disposed_twice_is_disposed_and_runs_no_more()
    {
        Workers workers = new(3);
        workers.Run(5, _ => { });
        workers.Dispose();
        workers.Dispose();
        Assert.Throws<ObjectDisposedException>(() => workers.Run(5, _ => { }));
    }

    [Fact]
    public void Disposing_from_inside_a_job_is_refused()
    {
        using Workers workers = new(2);
        Assert.Throws<InvalidOperationException>(() => workers.Run(4, _ => workers.Dispose()));
    }

    readonly struct Marking(int[] done) : IBlocks
    {
        public void Run(int block) => Interlocked.Increment(ref done[block]);
    }
}
