package io.tapestream.jobs.spec;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.operators.metrics.Measure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What the pages say of job files and metrics is what the code does. */
class ReadmeTest {
  private static String readme() throws IOException {
    return page("README.md");
  }

  private static String page(String name) throws IOException {
    return Files.readString(Path.of("..", name));
  }

  @Test
  void its_table_of_defaults_is_the_codes() throws IOException {
    assertThat(readme()).contains(JobSpec.table());
  }

  @Test
  void the_architecture_pages_table_of_metrics_is_the_codes() throws IOException {
    assertThat(page("ARCHITECTURE.md")).contains(Measure.table());
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
