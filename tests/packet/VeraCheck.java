import java.io.FileInputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.logging.LogManager;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;
import org.verapdf.pdfa.validation.profiles.Profiles;
import org.verapdf.pdfa.validation.profiles.ValidationProfile;

/** Checks files with veraPDF: FLAVOUR (3a, ua1) FILE... One line a file, one more for each rule that it breaks. */
public class VeraCheck {
    public static void main(String[] given) throws Exception {
        LogManager.getLogManager().reset();
        VeraGreenfieldFoundryProvider.initialise();
        PDFAFlavour flavour = PDFAFlavour.fromString(given[0]);
        String name = given[0].startsWith("ua") ? "PDFUA-" + given[0].substring(2) : "PDFA-" + given[0].toUpperCase();
        // The folder of profiles in the jar is empty; the profiles themselves lie beside it.
        ValidationProfile profile = Profiles.profileFromXml(
            PDFAFlavour.class.getResourceAsStream("/org/verapdf/pdfa/validation/" + name + ".xml"));
        boolean holds = true;
        for (int place = 1; place < given.length; place++) {
            try (PDFAParser parser =
                    Foundries.defaultInstance().createParser(new FileInputStream(given[place]), flavour);
                PDFAValidator validator =
                    Foundries.defaultInstance().createValidator(profile, 10000, false, false, false)) {
                ValidationResult result = validator.validate(parser);
                holds &= result.isCompliant();
                System.out.printf("%s %s compliant=%b assertions=%d%n",
                    given[place], flavour.getId(), result.isCompliant(), result.getTotalAssertions());
                broken(result).forEach((rule, words) -> System.out.println("   " + rule + " " + words));
            }
        }
        System.exit(holds ? 0 : 1);
    }

    private static Map<String, String> broken(ValidationResult result) {
        Map<String, String> found = new LinkedHashMap<>();
        for (TestAssertion each : result.getTestAssertions()) {
            if (each.getStatus() == TestAssertion.Status.FAILED) {
                found.putIfAbsent(
                    each.getRuleId().getClause() + "-" + each.getRuleId().getTestNumber(), each.getMessage());
            }
        }
        return found;
    }
}
