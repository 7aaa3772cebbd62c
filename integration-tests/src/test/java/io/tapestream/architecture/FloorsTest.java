package io.tapestream.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.Architectures;

/** The floors of ARCHITECTURE.md: imports go down only. */
@AnalyzeClasses(packages = "io.tapestream", importOptions = DoNotIncludeTests.class)
class FloorsTest {

  private static final String[] MODEL_CORE = {
    "io.tapestream.tensor..",
    "io.tapestream.backend..",
    "io.tapestream.random..",
    "io.tapestream.autodiff..",
    "io.tapestream.ops..",
    "io.tapestream.layers..",
    "io.tapestream.losses..",
    "io.tapestream.optimizers..",
    "io.tapestream.schedules..",
    "io.tapestream.clipping..",
    "io.tapestream.metrics..",
    "io.tapestream.initializers..",
    "io.tapestream.models..",
    "io.tapestream.training..",
    "io.tapestream.capture..",
    "io.tapestream.callbacks..",
    "io.tapestream.strategies..",
    "io.tapestream.specs..",
    "io.tapestream.files..",
    "io.tapestream.onnx.."
  };

  private static final String FLINK = "org.apache.flink..";
  private static final String KAFKA = "org.apache.kafka..";
  private static final String AVRO = "org.apache.avro..";
  private static final String ARROW = "org.apache.arrow..";

  @ArchTest
  static final ArchRule importsGoDownTheFloors =
      Architectures.layeredArchitecture()
          .consideringOnlyDependenciesInAnyPackage("io.tapestream..")
          .layer("model-core")
          .definedBy(MODEL_CORE)
          .layer("parameter-server")
          .definedBy("io.tapestream.parameterserver..")
          .layer("schemas")
          .definedBy("io.tapestream.schemas..")
          .layer("operators")
          .definedBy("io.tapestream.operators..")
          .layer("serving")
          .definedBy("io.tapestream.serving..")
          .layer("jobs")
          .definedBy("io.tapestream.jobs..")
          .optionalLayer("benchmarks")
          .definedBy("io.tapestream.benchmarks..")
          .layer("examples")
          .definedBy("io.tapestream.examples..")
          .whereLayer("examples")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("benchmarks")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("jobs")
          .mayOnlyBeAccessedByLayers("benchmarks")
          .whereLayer("operators")
          .mayOnlyBeAccessedByLayers("jobs", "benchmarks")
          .whereLayer("serving")
          .mayOnlyBeAccessedByLayers("jobs", "benchmarks")
          .whereLayer("parameter-server")
          .mayOnlyBeAccessedByLayers("operators", "jobs", "benchmarks")
          .whereLayer("schemas")
          .mayOnlyBeAccessedByLayers("operators", "serving", "jobs", "benchmarks");

  @ArchTest
  static final ArchRule modelCoreKnowsNoFlinkNoKafkaNoAvro =
      noClasses()
          .that()
          .resideInAnyPackage(MODEL_CORE)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(FLINK, KAFKA, AVRO, ARROW);

  @ArchTest
  static final ArchRule theParameterServerIsPlainJava =
      noClasses()
          .that()
          .resideInAPackage("io.tapestream.parameterserver..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              FLINK, KAFKA, AVRO, ARROW, "java.util.concurrent..", "java.time..", "org.nd4j..");

  @ArchTest
  static final ArchRule examplesNeedModelCoreAlone =
      noClasses()
          .that()
          .resideInAPackage("io.tapestream.examples..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              FLINK,
              KAFKA,
              AVRO,
              ARROW,
              "io.tapestream.parameterserver..",
              "io.tapestream.schemas..",
              "io.tapestream.operators..",
              "io.tapestream.serving..",
              "io.tapestream.jobs..");

  @ArchTest
  static final ArchRule servingKnowsNoFlink =
      noClasses()
          .that()
          .resideInAPackage("io.tapestream.serving..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage(FLINK);

  @ArchTest
  static final ArchRule onlyBackendsCallNativeLibraries =
      noClasses()
          .that()
          .resideOutsideOfPackages("io.tapestream.backend..", "io.tapestream.tensor..")
          .and()
          .resideOutsideOfPackages( // Deeplearning4j, a peer, speaks ND4J
              "io.tapestream.benchmarks.peers..", "io.tapestream.benchmarks.step..")
          .should()
          .dependOnClassesThat(
              resideInAnyPackage("org.nd4j..", "org.bytedeco..")
                  .and(not(resideInAPackage("org.nd4j.shade..")))); // plain Java: protobuf

  @ArchTest
  static final ArchRule packagesOfAModuleHaveNoCycles =
      slices().matching("io.tapestream.operators.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule nothingIsCalledUtils =
      noClasses()
          .should()
          .haveSimpleNameEndingWith("Utils")
          .orShould()
          .haveSimpleNameEndingWith("Util")
          .orShould()
          .haveSimpleNameEndingWith("Helper");

  @ArchTest
  static final ArchRule everyClassBelongsToAFloor = classes().should(new BelongToAFloor());

  private static final class BelongToAFloor
      extends com.tngtech.archunit.lang.ArchCondition<JavaClass> {
    BelongToAFloor() {
      super("belong to a floor");
    }

    @Override
    public void check(JavaClass type, ConditionEvents events) {
      boolean placed =
          type.getPackageName()
              .matches(
                  "io\\.tapestream\\.(tensor|backend|capture|random|autodiff|ops|layers|losses|optimizers|schedules|clipping"
                      + "|metrics|initializers|models|training|callbacks|strategies|specs|files|onnx|parameterserver|schemas"
                      + "|operators|serving|jobs|examples|benchmarks)(\\..*)?");
      if (!placed) {
        events.add(
            SimpleConditionEvent.violated(type, type.getName() + " stands in no module's package"));
      }
    }
  }
}
