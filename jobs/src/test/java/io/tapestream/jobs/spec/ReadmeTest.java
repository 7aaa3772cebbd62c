package io.tapestream.jobs.spec;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.operators.metrics.Measure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What the README says of job files is what the code does. */
class ReadmeTest {
  private static String readme() throws IOException {
    return Files.readString(Path.of("..", "README.md"));
  }

  @Test
  void its_table_of_defaults_is_the_codes() throws IOException {
    assertThat(readme()).contains(JobSpec.table());
  }

  @Test
  void its_table_of_metrics_is_the_codes() throws IOException {
    assertThat(readme()).contains(Measure.table());
  }

  @Test
  void its_job_file_has_no_mistake() throws Exception {
    Matcher yaml = Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL).matcher(readme());
    assertThat(yaml.find()).isTrue();
    JobSpec spec = JobSpec.parse(yaml.group(1), "README.md");
    assertThat(spec.name()).isEqualTo("clicks");
    assertThat(spec.batchSize()).isEqualTo(32);
  }
}
