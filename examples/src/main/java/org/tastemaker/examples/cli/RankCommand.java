package org.tastemaker.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.tastemaker.examples.people.AnnotateCommand;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** People put images in order by hand, on a page of this machine. */
@Command(
    name = "rank",
    sortOptions = false,
    description =
        "Serves a page on which people put images in order by hand, into a dataset of preferences."
            + " Ctrl-C ends it; the same command resumes it.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  tastemaker rank --open",
      "  tastemaker rank --folder prompts --people ann,bob --redundancy 2 --checks 10",
      "  tastemaker rank --model stable-diffusion-v1-5 --prompt \"a lighthouse\" --count 4",
      "  tastemaker rank --dataset likes.jsonl --reference likes.jsonl --protocol pairs --json"
    })
final class RankCommand implements Callable<Integer>, Writes {
  @Mixin private final AnnotateCommand people; // brings --help, too

  @Mixin private Output output = new Output();

  RankCommand(Surroundings around) {
    people = new AnnotateCommand(new PrintWriter(Writer.nullWriter()), around.serving());
  }

  @Override
  public Path folder() {
    return people.folder();
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    int code = people.run(new PrintWriter(output.words(), true));
    Path dataset = people.dataset();
    Map<String, @Nullable Object> result = new LinkedHashMap<>();
    result.put("dataset", Files.exists(dataset) ? dataset : null);
    result.put("groups", Files.exists(dataset) ? PreferenceDataset.readAll(dataset).size() : 0);
    output.result(code, result);
    return code;
  }
}
