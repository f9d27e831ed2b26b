using System.Text.Json;
using System.Text.Json.Nodes;
using Espalier.Cli;
using Espalier.Cli.Clusters;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Runs.Studies;
using Espalier.Tests.Measuring;
using Espalier.Tests.Models;
using Espalier.Tests.Runs.Studies;
using k8s;
using k8s.Models;

namespace Espalier.Tests.Cli.Clusters;

/// <summary>Studies on a stand-in for a cluster whose pods really make stages, and as files for others.</summary>
public sealed class KubernetesTests : IDisposable
{
    readonly ToyStudy _toy = new();

    public void Dispose() => _toy.Dispose();

    [Fact]
    public async Task A_study_ends_with_the_bytes_of_a_local_one_whatever_befalls_its_pods_and_the_API()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Pods are processes of sh.");
        string recipe = _toy.Write("""["DEL","P"]""");
        Study local = _toy.Open(recipe, "local");
        _toy.Run(local);
        await using FakeKubernetes cluster = await FakeKubernetes.Start(_toy.Folder);
        cluster.Claims["studies"] = _toy["volume"];

        // The server is busy, then fails, and loses an answer: what it was asked for is there already.
        foreach (int fault in (int[])[429, 500, 0, 0, -503])
        {
            cluster.Faults.Enqueue(fault);
        }

        // The first pod of an index is evicted, that of another is killed.
        cluster.Befalls = pod =>
            pod is { Index: 0, Attempt: 0 } ? Fate.Evicted
            : pod is { Index: 1, Attempt: 0, Measures: false } ? Fate.Killed
            : Fate.None;
        Outcome outcome = await Task.Run(() => On(cluster, recipe, "--wait"), Token);
        Assert.True(
            outcome.Code == ExitCode.Ok,
            $"{outcome.Code}: {outcome.Error}\n{Said(cluster)}"
        );
        Assert.Contains("429", outcome.Error);
        Study there = _toy.Open(recipe, Path.Combine("volume", "a", "store"));
        Assert.Equal(ToyStudy.Results(local), ToyStudy.Results(there));
        Assert.True(File.Exists(Path.Combine(_toy["results"], "measurements.json")));

        // What is not counted was not, and what was killed was tried again.
        Assert.All(
            await cluster.Ended(Token),
            j => Assert.Equal("Complete", j.Status.Conditions[^1].Type)
        );
        Assert.Contains(cluster.Pods, p => p.IsEvicted && p.Code is 130 or 143);
        Assert.Contains(cluster.Pods, p => p.Code == 137);
        Assert.Contains(cluster.Pods, p => p.Code == ExitCode.Refused);
        Assert.DoesNotContain(cluster.Pods, p => p.Code is ExitCode.Bug or ExitCode.Usage);

        // Asked again, everything is found, and no Job is made.
        int jobs = cluster.All.Count;
        Assert.Equal(ExitCode.Ok, On(cluster, recipe).Code);
        Assert.Equal(jobs, cluster.All.Count);
    }

    [Fact]
    public async Task What_is_asked_for_already_is_not_asked_for_again()
    {
        string recipe = _toy.Write("""["D","P"]""");
        await using FakeKubernetes cluster = await FakeKubernetes.Start(_toy.Folder);
        On(cluster, recipe).Succeeds();
        string[] first =
        [
            .. cluster.All.Select(j => j.Metadata.Name).Order(StringComparer.Ordinal),
        ];
        Assert.NotEmpty(first);
        Assert.All(cluster.All, j => Assert.Equal("studies", j.Metadata.NamespaceProperty));
        On(cluster, recipe).Succeeds();
        Assert.Equal(first, cluster.All.Select(j => j.Metadata.Name).Order(StringComparer.Ordinal));

        // A recipe that grew asks for what is new.
        On(cluster, _toy.Write("""["D","P","L"]""")).Succeeds();
        Assert.True(cluster.All.Count > first.Length, $"{cluster.All.Count} Jobs");
    }

    [Fact]
    public async Task A_training_that_diverges_fails_its_index_at_once_and_the_rest_goes_on()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Pods are processes of sh.");
        Model huge = Toy.Make(Toy.Config with { Layers = [Toy.Config.Layers[0]] });
        huge.Parameters[Part.Word.Weight].Span.Fill(3e38f);
        huge.Parameters[Part.Position.Weight].Span.Fill(3e38f);
        ModelFolder.Save(huge, _toy["huge"], Toy.Tokenizer.Files());
        string recipe = _toy.Write("""["D(student=huge)","L"]""", "[1]");
        await using FakeKubernetes cluster = await FakeKubernetes.Start(_toy.Folder);
        cluster.Claims["studies"] = _toy["volume"];
        Outcome outcome = await Task.Run(() => On(cluster, recipe, "--wait"), Token);
        Assert.True(
            outcome.Code == ExitCode.Diverged,
            $"{outcome.Code}: {outcome.Error}\n{Said(cluster)}"
        );
        V1Job failed = Assert.Single(
            await cluster.Ended(Token),
            j => j.Status.Conditions[^1].Type == "Failed"
        );
        Assert.Equal("0", failed.Status.FailedIndexes);
        Pod diverged = Assert.Single(cluster.Pods, p => p.Code == ExitCode.Diverged);
        Assert.Contains("diverged", diverged.Said);
    }

    [Fact]
    public async Task What_is_killed_every_time_is_given_up_with_what_waits_for_it_and_made_by_the_next_call()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Pods are processes of sh.");
        string recipe = _toy.Write("""["DE","L"]""", "[1]");
        Study local = _toy.Open(recipe, "local");
        _toy.Run(local);
        await using FakeKubernetes cluster = await FakeKubernetes.Start(_toy.Folder);
        cluster.Claims["studies"] = _toy["volume"];
        cluster.Befalls = pod => pod.Of == "D" ? Fate.Killed : Fate.None;
        Outcome outcome = await Task.Run(() => On(cluster, recipe, new Hurried(), "--wait"), Token);
        outcome.Refuses(
            ExitCode.Refused,
            "waits for what is given up",
            "no Job is left that tries"
        );
        Assert.Equal(4, cluster.Pods.Count(p => p.Of == "D"));
        Assert.True(outcome.Error.Contains("3 of 5 could not be done"), outcome.Error);
        cluster.Befalls = _ => Fate.None;
        outcome = await Task.Run(() => On(cluster, recipe, "--wait"), Token);
        Assert.True(
            outcome.Code == ExitCode.Ok,
            $"{outcome.Code}: {outcome.Error}\n{Said(cluster)}"
        );
        Assert.Equal(
            ToyStudy.Results(local),
            ToyStudy.Results(_toy.Open(recipe, Path.Combine("volume", "a", "store")))
        );
    }

    [Fact]
    public async Task What_a_disk_shows_after_all_Jobs_are_over_is_waited_for_but_not_for_ever()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Pods are processes of sh.");
        Study made = _toy.Open(_toy.Write("""["L"]""", "[1]"));
        await using FakeKubernetes cluster = await FakeKubernetes.Start(_toy.Folder);
        cluster.Claims["studies"] = _toy["volume"];
        File.WriteAllText(Path.Combine(cluster.Image, "espalier"), "#!/bin/sh\n");
        FakeTime time = new();
        using KubernetesStudy study = Direct(cluster, made, time, _ => { });
        study.Submit(Token);
        Assert.All(
            await cluster.Ended(Token),
            j => Assert.Equal("Complete", j.Status.Conditions[^1].Type)
        );
        int looks = 0;
        StudyState state = study.Wait(
            _ =>
            {
                looks++;
                time.Pass(40_000);
            },
            Token
        );
        Assert.False(state.IsOver);
        Assert.Equal(4, looks);
        state = study.Wait(
            _ =>
            {
                if (++looks == 6)
                {
                    _toy.Run(made);
                }
            },
            Token
        );
        Assert.True(state.IsOver);
    }

    [Fact]
    public async Task An_answer_that_does_not_come_or_breaks_off_is_asked_for_again()
    {
        Study made = _toy.Open(_toy.Write("""["L"]""", "[1]"));
        await using FakeKubernetes cluster = await FakeKubernetes.Start(_toy.Folder);
        cluster.Faults.Enqueue(FakeKubernetes.IsSilent);
        cluster.Faults.Enqueue(FakeKubernetes.BreaksOff);
        List<string> notes = [];
        using KubernetesStudy study = Direct(cluster, made, TimeProvider.System, notes.Add);
        int jobs = study.Submit(Token);
        Assert.Equal(cluster.All.Count, jobs);
        Assert.NotEmpty(cluster.All);
        Assert.True(notes.Count(n => n.Contains("does not answer")) >= 2, string.Join('\n', notes));
    }

    /// <summary>Without the command; its client waits for an answer for 3 s, not 100.</summary>
    static KubernetesStudy Direct(
        FakeKubernetes cluster,
        Study study,
        TimeProvider time,
        Action<string> note
    )
    {
        KubernetesClientConfiguration config =
            KubernetesClientConfiguration.BuildConfigFromConfigFile(cluster.Config);
        config.HttpClientTimeout = TimeSpan.FromSeconds(3);
        return new(
            study.Store,
            StudyGraph.Of(study, StudyEstimate.Of(study, 2)),
            new Kubernetes(config),
            new("registry.example.org/espalier:0.1.0", "studies", 1),
            time,
            "studies",
            note
        );
    }

    /// <summary>A clock that goes thirty times as fast.</summary>
    sealed class Hurried : TimeProvider
    {
        public override long GetTimestamp() => 30 * base.GetTimestamp();
    }

    [Fact]
    public async Task An_API_server_that_refuses_ends_the_call_with_its_sentence()
    {
        string recipe = _toy.Write("""["L"]""", "[1]");
        await using FakeKubernetes cluster = await FakeKubernetes.Start(_toy.Folder);
        cluster.Faults.Enqueue(0);
        cluster.Faults.Enqueue(403);
        Outcome outcome = On(cluster, recipe);
        Assert.Equal(ExitCode.Refused, outcome.Code);
        Assert.Contains("The API server refuses: an error on the server", outcome.Error);
    }

    [Theory]
    [InlineData("spec.completionMode", "\"NonIndexed\"", "requires indexed completion mode")]
    [InlineData("spec.template.spec.restartPolicy", "\"OnFailure\"", "only \"Never\" is supported")]
    [InlineData("spec.template.spec.containers[0].image", "\"\"", "Invalid value")]
    [InlineData("spec.podFailurePolicy.rules[1].onExitCodes.values", "[9,3]", "must be ordered")]
    [InlineData("spec.podFailurePolicy.rules[1].onExitCodes.values", "[0]", "must be ordered")]
    [InlineData("spec.podFailurePolicy.rules[2].action", "\"Retry\"", "Unsupported value")]
    [InlineData("spec.backoffLimitPerIndex", "null", "requires the backoffLimitPerIndex")]
    [InlineData("spec.podReplacementPolicy", "\"TerminatingOrFailed\"", "Unsupported value")]
    [InlineData("spec.template.spec.volumes[0].name", "\"other\"", "Not found")]
    [InlineData("spec.completions", "null", "Required value")]
    [InlineData("metadata.name", "\"Under_scores\"", "RFC 1123")]
    [InlineData("metadata.labels.espalier-study", "\"a b\"", "metadata.labels")]
    [InlineData("spec.template.spec.kontainers", "[]", "unknown field")]
    public async Task The_stand_in_refuses_what_a_real_API_server_refuses(
        string field,
        string value,
        string sentence
    )
    {
        await using FakeKubernetes cluster = await FakeKubernetes.Start(_toy.Folder);
        V1Job job = KubernetesYaml
            .LoadAllFromString(Emitted("yaml", _toy.Write("""["P"]""", "[1]")))
            .Cast<V1Job>()
            .First();
        JsonNode node = JsonNode.Parse(KubernetesJson.Serialize(job))!;
        using HttpClient http = new() { BaseAddress = cluster.Address };
        http.DefaultRequestHeaders.Authorization = new("Bearer", FakeKubernetes.Token);
        Assert.Equal(201, await Post(http, node, "whole"));
        Set(node, field, value);
        node["metadata"]!["name"] =
            field == "metadata.name" ? node["metadata"]!["name"]!.GetValue<string>() : "changed";
        using HttpResponseMessage answer = await Send(http, node);
        string said = await answer.Content.ReadAsStringAsync(Token);
        Assert.True((int)answer.StatusCode is 400 or 422, $"{answer.StatusCode}: {said}");
        Assert.Contains(
            sentence,
            JsonDocument.Parse(said).RootElement.GetProperty("message").GetString()
        );
    }

    [Fact]
    public void Files_for_kubectl_hold_the_Jobs_that_the_API_is_asked_for()
    {
        string recipe = _toy.Write("""["DEL","P"]""");
        V1Job[] jobs = [.. KubernetesYaml.LoadAllFromString(Emitted("yaml", recipe)).Cast<V1Job>()];
        Assert.Empty(jobs.SelectMany(JobRules.Problems));
        Study study = _toy.Open(recipe, Path.Combine("volume", "a", "store"));
        string[] items =
        [
            .. jobs.SelectMany(j => j.Metadata.Annotations["espalier-items"].Split(',', ';')),
        ];
        Assert.Equal(items.Length, items.Distinct().Count());
        Assert.Equal(study.Plan.Stages.Count + study.Plan.Groups.Count, items.Length);
        Assert.All(study.Plan.Stages, s => Assert.Contains(s.Key.Hex[..16], items));
        Assert.All(
            jobs,
            j => Assert.Equal("a/store", j.Spec.Template.Spec.Containers[0].VolumeMounts[0].SubPath)
        );
        V1Job times = Assert.Single(jobs, j => j.Spec.Template.Spec.Affinity is not null);
        Assert.Equal(2, times.Spec.Completions);
    }

    [Fact]
    public void A_workflow_for_Argo_has_the_graph()
    {
        string recipe = _toy.Write("""["DE","P"]""", "[1]");
        Dictionary<string, object> workflow = KubernetesYaml.Deserialize<
            Dictionary<string, object>
        >(Emitted("argo", recipe));
        JsonElement spec = JsonSerializer.SerializeToElement(workflow["spec"]);
        JsonElement[] templates = [.. spec.GetProperty("templates").EnumerateArray()];
        JsonElement[] tasks =
        [
            .. templates[0].GetProperty("dag").GetProperty("tasks").EnumerateArray(),
        ];
        Study study = _toy.Open(recipe, Path.Combine("volume", "a", "store"));
        Assert.Equal(study.Plan.Stages.Count + 1, tasks.Length);
        HashSet<string> before = [];
        foreach (JsonElement task in tasks)
        {
            string[] needs = task.TryGetProperty("depends", out JsonElement depends)
                ?
                [
                    .. depends
                        .GetString()!
                        .Split(' ', '(', ')')
                        .Where(w => w.StartsWith('k'))
                        .Select(w => w.Split('.')[0]),
                ]
                : [];
            Assert.All(needs, n => Assert.Contains(n, before));
            before.Add(task.GetProperty("name").GetString()!);
            Assert.Contains(
                task.GetProperty("template").GetString(),
                templates.Select(t => t.GetProperty("name").GetString())
            );
        }

        Assert.Equal(
            study.Plan.Stages.Select(s => s.Parent is null),
            tasks.SkipLast(1).Select(t => !t.TryGetProperty("depends", out _))
        );
    }

    [Fact]
    public void What_pods_need_is_asked_for_before_any_work()
    {
        string recipe = _toy.Write("""["L"]""", "[1]");
        CommandLine
            .Run("study", recipe, "--on", "kubernetes")
            .Refuses(ExitCode.Usage, "--image is missing", "--volume-claim is missing");
        CommandLine
            .Run("study", recipe, "--image", "espalier")
            .Refuses(ExitCode.Usage, "--image is for Kubernetes");
        CommandLine
            .Run("study", recipe, "--emit", "yaml", "--image", "i", "--volume-claim", "c:../x")
            .Refuses(ExitCode.Usage, "inside of the volume");
        CommandLine
            .Run(
                "study",
                recipe,
                "--emit",
                "argo",
                "--image",
                "i",
                "--volume-claim",
                "c",
                "--kind",
                "m7i"
            )
            .Refuses(ExitCode.Usage, "a label of nodes and its value");
        CommandLine
            .Run(
                ["study", recipe, "--on", "kubernetes", "--image", "i", "--volume-claim", "c"],
                [],
                new Dictionary<string, string> { ["KUBECONFIG"] = _toy["nowhere"] }
            )
            .Refuses(ExitCode.Refused, "There is no cluster to ask");
        Assert.False(Directory.Exists(_toy["results"]));
    }

    /// <summary>The command, with its store in the volume of the claim.</summary>
    Outcome On(FakeKubernetes cluster, string recipe, params string[] more) =>
        On(cluster, recipe, TimeProvider.System, more);

    Outcome On(FakeKubernetes cluster, string recipe, TimeProvider time, params string[] more) =>
        CommandLine.Run(
            ["study", recipe, "--on", "kubernetes", .. Pods, .. more],
            [],
            new Dictionary<string, string> { ["KUBECONFIG"] = cluster.Config },
            time: time
        );

    string Emitted(string form, string recipe) =>
        CommandLine.Run(["study", recipe, "--emit", form, .. Pods], "").Succeeds().Out;

    string[] Pods =>
        [
            "--store",
            Path.Combine(_toy["volume"], "a", "store"),
            "--output",
            _toy["results"],
            "--image",
            "registry.example.org/espalier:0.1.0",
            "--volume-claim",
            "studies:a/store",
        ];

    static string Said(FakeKubernetes cluster) =>
        string.Join(
            '\n',
            cluster.Pods.Select(p => $"{p.Job} {p.Index} {p.Attempt}: {p.Code} {p.Said}")
        );

    static async Task<int> Post(HttpClient http, JsonNode job, string name)
    {
        JsonNode copy = job.DeepClone();
        copy["metadata"]!["name"] = name;
        using HttpResponseMessage answer = await Send(http, copy);
        return (int)answer.StatusCode;
    }

    static Task<HttpResponseMessage> Send(HttpClient http, JsonNode job) =>
        http.PostAsync(
            "/apis/batch/v1/namespaces/studies/jobs?fieldValidation=Strict",
            new StringContent(job.ToJsonString()),
            Token
        );

    /// <summary>Sets what a way such as spec.rules[1].action leads to.</summary>
    static void Set(JsonNode node, string way, string value)
    {
        string[] steps = way.Replace("[", ".[").Split('.');
        foreach (string step in steps[..^1])
        {
            node = Step(node, step)!;
        }

        node[steps[^1]] = JsonNode.Parse(value);

        static JsonNode? Step(JsonNode at, string step) =>
            step[0] == '[' ? at[step[1] - '0'] : at[step];
    }

    static CancellationToken Token => TestContext.Current.CancellationToken;
}
