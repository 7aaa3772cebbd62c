package io.tapestream.jobs.cli;

import java.util.Map;
import org.apache.flink.configuration.ConfigConstants;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.GlobalConfiguration;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.plugin.PluginUtils;

/**
 * Flink's plugins for file systems, for commands that are given a directory by its URI. They are
 * found where Flink's own commands find them: in {@code FLINK_PLUGINS_DIR}, with the settings of
 * {@code FLINK_CONF_DIR}, such as {@code s3.endpoint}.
 */
final class FlinkPlugins {
  private FlinkPlugins() {}

  /** Loads what the environment names; nothing if it names nothing. */
  static void load(Map<String, String> environment) {
    String settings = environment.get(ConfigConstants.ENV_FLINK_CONF_DIR);
    String plugins = environment.get(ConfigConstants.ENV_FLINK_PLUGINS_DIR);
    if (settings == null && plugins == null) {
      return;
    }
    Configuration configuration =
        settings == null ? new Configuration() : GlobalConfiguration.loadConfiguration(settings);
    FileSystem.initialize(
        configuration, PluginUtils.createPluginManagerFromRootFolder(configuration));
  }
}
